"""GET /reports/devices: visits by kind of device, browser, system and width of the window."""

from typing import Any

from tinytrail.core.connect import Tx
from tinytrail.web.reports.common import Query, Report, Table
from tinytrail.web.reports.params import one_of
from tinytrail.web.reports.visits_by import visits_by

LISTS = (
    # list                  key of a row      dimension
    ("device_types", "deviceType", "device"),
    ("browsers", "browserFamily", "browser"),
    ("os_families", "osFamily", "os"),
    ("screen_resolutions", "bucket", "screen"),
)


KEYS = {name: key for name, key, _ in LISTS}


def in_csv(query: Query) -> str:
    """Which of the lists a csv has."""
    return one_of(query.params, "list", tuple(KEYS))


def read(tx: Tx, query: Query) -> dict[str, Any]:
    in_csv(query)  # raises, whatever the format
    data: dict[str, Any] = {"period": query.period.as_json()}
    for name, key, dimension in LISTS:
        counted = visits_by(tx, query, dimension, paged=False)
        data[name] = [{key: row.name, "visits": row.visits} for row in counted]
    return data


def table(query: Query, data: dict[str, Any]) -> Table:
    name = in_csv(query)
    return Table((KEYS[name], "visits"), [tuple(row.values()) for row in data[name]])


REPORT = Report("devices", read, table, in_csv)
