"""`filters[]=dimension:value`: which traffic a report keeps.

A filter of a visit keeps visits, and whatever belongs to them. One of a page view keeps page views, custom
events on such pages, and visits with such a page view. One of a custom event keeps custom events, visits with
such an event, and the page views of those. Of several values of one dimension any will do; several dimensions
must all hold, those of a page view (or of an event) of one and the same.
"""

from typing import NamedTuple

import msgspec

from tinytrail.core.errors import invalid
from tinytrail.web.reports.params import Params
from tinytrail.web.reports.properties import EACH, IS_SHOWN, TEXT

FIELD = "filters[]"
MOST_FILTERS = 20

OF_PAGE_VIEWS = {"page": "path", "content_group": "content_group"}  # columns of `paths`
UTM = ("utm_source", "utm_medium", "utm_campaign")  # parts of one dimension
OF_VISITS = (
    "entry", "exit", "channel", "referrer", *UTM, "device", "browser", "os", "screen", "country",
)  # fmt: skip
# Of those, the columns of `visits`. Their place is their number in `segment_pages`: new ones go to the end.
SEGMENTED = ("channel", "referrer", "device", "browser", "os", "screen", "country", "entry", "exit")
OF_EVENTS = ("event", "property")
DIMENSIONS = (*OF_PAGE_VIEWS, *OF_VISITS, *OF_EVENTS)

Asked = dict[str, list[str]]  # values by dimension


class Filter(NamedTuple):
    """Conditions in SQL, and the values that they bind."""

    paths: str  # a query for the ids of those that a page view must be of; empty: any
    visits: str  # what a visit v must meet besides; empty: nothing
    customs: str  # what a custom event e of such a visit must meet; with `paths`, of any visit v
    visits_are_few: bool  # `visits` names them by id: that is how to find them, rather than by their day
    values: dict[str, str]
    segment: str = ""  # the dimension of visits of which one value is asked for, if that is all that is

    @property
    def pageviews(self) -> str:
        """What a page view e of a visit that is kept must meet, or anything else but a custom event."""
        return f"e.path in {self.paths}" if self.paths else "true"


def parse_filters(params: Params) -> Filter | None:
    """None where nothing is to be left out. Raises 400, naming the parameter."""
    texts = params.getall(FIELD, [])
    if len(texts) > MOST_FILTERS:
        invalid(FIELD, f"at most {MOST_FILTERS} filters are taken")
    asked: Asked = {}
    for text in texts:
        dimension, colon, value = text.partition(":")
        if dimension not in DIMENSIONS:
            invalid(FIELD, f"begins with one of {', '.join(DIMENSIONS)}, and a colon")
        if not value:
            invalid(FIELD, f"{dimension} needs a value after its colon")
        if dimension == "property" and value.find("=") < 1:
            invalid(FIELD, "property needs a name and a value: property:plan=pro")
        asked.setdefault(dimension, []).append(value)
    if group := params.get("content_group"):
        asked.setdefault("content_group", []).append(group)
    return filter_of(asked) if asked else None


def filter_of(asked: Asked) -> Filter:
    of_visit = [visit_condition(dimension) for dimension in OF_VISITS if dimension in asked]
    of_page = [f"{column} in ({values(name)})" for name, column in OF_PAGE_VIEWS.items() if name in asked]
    of_event = [event_condition(dimension) for dimension in OF_EVENTS if dimension in asked]
    paths = ids("paths", *of_page) if of_page else ""
    with_event = [f"v.id in {visits_with(*of_event)}"] if of_event else []
    # One may have happened on such a page in a visit without a page view of it.
    on_page = [f"e.path in {paths}", *of_visit] if of_page else []
    bound = {f"filter_{name}": msgspec.json.encode(asked[name]).decode() for name in asked}
    names = [name for name, found in asked.items() if len(found) == 1]
    return Filter(
        paths=paths,
        visits=" and ".join(with_event + of_visit),
        customs=" and ".join(on_page + of_event) or "true",
        visits_are_few=bool(of_event),
        values=bound,
        segment=names[0] if len(names) == len(asked) == 1 and names[0] in SEGMENTED else "",
    )


def values(dimension: str) -> str:
    """The values asked for, as they were bound."""
    return f"select value from json_each(:filter_{dimension})"


def ids(table: str, *conditions: str) -> str:
    return f"(select id from {table} where {' and '.join(('site = :site', *conditions))})"


def value_ids(dimension: str) -> str:
    """A query for what stands in a column of `visits` where it has one of the values asked for."""
    if dimension in ("entry", "exit"):
        return ids("paths", f"path in ({values(dimension)})")
    return ids("strings", f"strings.value in ({values(dimension)})")


def visit_condition(dimension: str) -> str:
    if dimension in UTM:
        place = UTM.index(dimension)
        # A campaign is a string such as ["news","mail",null], and \ comes after [.
        field = f"case when json_valid(strings.value) then strings.value ->> {place} end"
        arrays = ("strings.value >= '['", "strings.value < '\\'")
        return f"v.utm in {ids('strings', *arrays, f'{field} in ({values(dimension)})')}"
    return f"v.{dimension} in {value_ids(dimension)}"


def event_condition(dimension: str) -> str:
    if dimension == "event":
        return f"e.name in {ids('strings', f'strings.value in ({values(dimension)})')}"
    pair = """
        select 1 from json_each(:filter_property) asked
         where substr(asked.value, 1, instr(asked.value, '=') - 1) = property.key
           and substr(asked.value, instr(asked.value, '=') + 1) = """
    return f"exists (select 1 from {EACH} where {IS_SHOWN} and exists ({pair} {TEXT}))"


def visits_with(*conditions: str) -> str:
    """Visits with such a custom event, of all that have to do with the period (see BEGAN in kept.py)."""
    return f"""
        (select e.visit from events e
          where e.site = :site and e.day between :start - 1 and :end + 1
            and e.name is not null and {" and ".join(conditions)})"""
