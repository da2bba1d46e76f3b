"""GET /reports/overview: all of the caller's websites at once, by a few statements whatever their number (but
for where "all" begins)."""

from collections import defaultdict
from typing import Any, NamedTuple

import msgspec

from tinytrail.core.clock import iso_date, local_day, utc_day
from tinytrail.core.connect import Tx
from tinytrail.core.errors import invalid
from tinytrail.web.auth import Caller
from tinytrail.web.counts import counts_of_websites
from tinytrail.web.reports.common import first_day
from tinytrail.web.reports.params import Params, one_of
from tinytrail.web.reports.period import COMPARISONS, Period, compared, parse_period
from tinytrail.web.reports.realtime import WINDOW, days_of_late
from tinytrail.web.reports.summary import MEASURES, metrics
from tinytrail.web.reports.timeseries import Point
from tinytrail.web.websites import Website, websites_of

SPANS = """
    with spans (site, start, end) as materialized (
        select value ->> 0, value ->> 1, value ->> 2 from json_each(:spans)
    )"""
SUMS = ", ".join(f"sum({measure})" for measure in MEASURES)
OF_SITES = f"{SPANS} select site, {SUMS} from ({counts_of_websites(*MEASURES)}) group by site"
# And its visits day by day, one row or several each, as two JSON arrays: as rows of their own they take twice
# as long.
WITH_DAYS = f"""
    {SPANS}
    select site, json_group_array(day), json_group_array(visits), {SUMS}
      from ({counts_of_websites(*MEASURES)})
     group by site
"""

# As in reports/realtime.py.
ACTIVE_VISITORS = f"""
    {SPANS},
    lately (site, start, end, first) as materialized (
        select *, coalesce(
            (select min(first_open) from open_days o
              where o.site = s.site and o.day in (start, start + 1, end)), 0)
          from spans s
    )
    select v.site, count(distinct v.visitor)
      from lately l
     cross join events e on e.site = l.site and e.day in (l.start, l.start + 1, l.end)
                        and e.visit >= l.first and e.at > :since
     cross join visits v on v.id = e.visit
     where v.is_bot = 0 and v.is_excluded = 0
     group by v.site
"""

NOTHING = (0,) * len(MEASURES)
NUMBERS = msgspec.json.Decoder(list[int])

# Of all websites together, 40 MB; a century of one is allowed, and so are many websites.
MOST_DAYS = 1_000_000

Spans = list[tuple[int, Period]]  # days of sites


class Asked(NamedTuple):
    """A website, and the days that are asked for: in its own zone, so that they may differ."""

    website: Website
    period: Period
    compared_with: Period | None


def bound(spans: Spans, **more: Any) -> dict[str, Any]:
    """What SPANS binds, and more."""
    return {"spans": msgspec.json.encode([(site, *period) for site, period in spans]).decode()} | more


def read_overview(tx: Tx, caller: Caller, params: Params, now: float) -> dict[str, Any]:
    """Raises 400, naming the parameter."""
    include_bots = one_of(params, "include_bots", ("false", "true")) == "true"
    compare = one_of(params, "compare", COMPARISONS)
    one_of(params, "format", ("json",))
    name, dates = params.get("period", "7d"), (params.get("start_date"), params.get("end_date"))
    parse_period(name, *dates, utc_day(now), lambda: utc_day(now))  # raises, though there be no website

    websites = websites_of(tx, None if caller.is_admin else caller.account_id)
    today = {website.site: local_day(website.timezone, now) for website in websites}

    def asked(website: Website) -> Asked:
        site, day = website.site, today[website.site]
        period = parse_period(name, *dates, day, lambda: first_day(tx, site, include_bots, day))
        return Asked(website, period, compared(period, compare) if compare else None)

    lately = bound([(site, days_of_late(now)) for site in today], since=int(now) - WINDOW)
    active = dict(tx.execute(ACTIVE_VISITORS, lately).fetchall())
    every = [asked(website) for website in websites]
    if sum(period.end - period.start + 1 for _, period, _ in every) > MOST_DAYS:
        invalid("period", f"is too long for {len(every)} websites: they may have {MOST_DAYS} days together")
    rows = read_rows(tx, every, active, include_bots)
    rows.sort(key=lambda row: (-row["metrics"]["visits"]["value"], row["website"]["domain"]))
    return {"rows": rows}


def read_rows(
    tx: Tx, websites: list[Asked], active: dict[int, int], include_bots: bool
) -> list[dict[str, Any]]:
    spans = [(asked.website.site, asked.period) for asked in websites]
    totals = {}
    visits: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))  # by website and day
    for site, days, of_days, *total in tx.execute(WITH_DAYS, bound(spans, include_bots=include_bots)):
        totals[site] = total
        for day, count in zip(NUMBERS.decode(days), NUMBERS.decode(of_days), strict=True):
            visits[site][day] += count
    earlier = [(asked.website.site, asked.compared_with) for asked in websites if asked.compared_with]
    of_sites = tx.execute(OF_SITES, bound(earlier, include_bots=include_bots)) if earlier else ()
    before = {site: counted for site, *counted in of_sites}
    rows = []
    for website, period, compared_with in websites:
        by_day = visits[website.site]
        previous = before.get(website.site, NOTHING) if compared_with else None
        series = [Point(iso_date(day), by_day.get(day, 0)) for day in range(period.start, period.end + 1)]
        rows.append(
            {
                "website": {
                    "id": website.id,
                    "domain": website.domain,
                    "timezone": website.timezone,
                    "accountId": website.account_id,
                },
                "period": period.as_json(),
                "comparison": str(compared_with) if compared_with else None,
                "active_visitors": active.get(website.site, 0),
                "metrics": metrics(totals.get(website.site, NOTHING), previous),
                "series": msgspec.Raw(msgspec.json.encode(series)),  # as in batch.py
            }
        )
    return rows
