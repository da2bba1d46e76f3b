"""What a path takes beside itself, for the OpenAPI document: query parameters and bodies, with examples.

Names are by hand (a test holds them to what handlers ask for), choices and limits the program's own. Every
choice and every example is valid (a test sends them all).
"""

from typing import Any, get_args

import msgspec

from tinytrail.installs import heartbeat
from tinytrail.installs.stats import Timeframe
from tinytrail.presence import devices
from tinytrail.presence.absences import LARGEST_LIMIT
from tinytrail.product import span, track
from tinytrail.web import accounts, collect, content_group_preview, sessions, shares, users, websites
from tinytrail.web.aggregate import TARGET
from tinytrail.web.export import FORMATS, TABLES
from tinytrail.web.reports import BY_NAME, batch, filters, flow, funnel, sources, timeseries
from tinytrail.web.reports import devices as of_devices
from tinytrail.web.reports.common import MOST_PER_PAGE
from tinytrail.web.reports.period import COMPARISONS, PERIODS

Json = dict[str, Any]

REPORTS = "/api/v1/reports/"

TEXT: Json = {"type": "string"}
UUID: Json = {"type": "string", "format": "uuid"}


def choice(*values: str) -> Json:
    return {"enum": list(values)}


def text(example: str, **more: Any) -> Json:
    return {"type": "string", "examples": [example]} | more


def texts(pattern: str, *examples: list[str], **more: Any) -> Json:
    return {"type": "array", "items": {"type": "string", "pattern": pattern}, "examples": examples} | more


def any_of(names: Any) -> str:
    return f"(?:{'|'.join(names)})"


FILTERS = {name: f"{name}:{'plan=pro' if name == 'property' else '/pricing'}" for name in filters.DIMENSIONS}
FILTER = rf"^(?:{any_of(name for name in FILTERS if name != 'property')}:[\s\S]+|property:[^=]+=[\s\S]*)$"

DATES: Json = {
    "start_date": text("2026-03-01", format="date"),
    "end_date": text("2026-03-14", format="date"),
}
SPAN: Json = {"period": choice(*PERIODS)} | DATES
OVERVIEW: Json = SPAN | {
    "compare": choice(*filter(None, COMPARISONS)),
    "include_bots": choice("false", "true"),
    "format": choice("json"),
}
REPORT: Json = OVERVIEW | {
    "website_id": UUID,
    "page": {"type": "integer", "examples": [1, 2]},
    "per_page": {"type": "integer", "examples": [10, MOST_PER_PAGE]},
    "search": text("pri"),
    "format": choice("json", "csv"),
    "filters[]": texts(
        FILTER,
        *([example] for example in FILTERS.values()),
        list(FILTERS.values()),
        maxItems=filters.MOST_FILTERS,
    ),
    "content_group": text("Blog"),
}
STEPS = ["/", "/pricing", "signup", "custom"]
OWN: dict[str, Json] = {  # by report
    "sources": {"group_by": choice(*sources.COLUMNS)},
    "devices": {"list": choice(*of_devices.KEYS)},
    "flow": {"list": choice(*flow.LISTS)},
    "funnel": {"steps[]": texts(r"[\s\S]", STEPS[:2], STEPS, minItems=2, maxItems=funnel.MOST_STEPS)},
    "custom-events": {"event_name": text("signup")},
    "event-properties": {"event_name": text("signup")},
    "timeseries": {
        "metric": choice(*timeseries.METRICS),
        "interval": choice("day", "hour"),
        "path": text("/pricing"),
    },
}
WITH = {"funnel": "steps[]=/&steps[]=/pricing", "devices": "list=browsers", "flow": "list=exit_pages"}
# What stands beside the reports of a batch is for each that has no such parameter of its own.
BATCH: Json = {name: schema for own in OWN.values() for name, schema in own.items()} | {
    "list": choice(*of_devices.KEYS, *flow.LISTS),
    "format": choice("json"),
    "reports[]": texts(
        rf"^{any_of(BY_NAME)}(\?[\s\S]*)?$",
        [f"{name}?{WITH[name]}" if name in WITH else name for name in BY_NAME],
        ["summary", "pages?per_page=5"],
        minItems=1,
        maxItems=batch.MOST_REPORTS,
    ),
}
OF_USERS: Json = DATES | {"group_by": choice(*span.PERIODS), "user_id": text("alice")}

QUERIES: dict[str, Json] = {f"{REPORTS}{name}": REPORT | OWN.get(name, {}) for name in BY_NAME} | {
    f"{REPORTS}batch": REPORT | BATCH,
    f"{REPORTS}overview": OVERVIEW,
    "/api/v1/websites/{website_id}/export": DATES | {"format": choice(*FORMATS), "table": choice(*TABLES)},
    "/metrics": OF_USERS,
    "/sessions": OF_USERS,
    "/stats": {"timeframe": choice(*get_args(Timeframe))},
    "/api/absences": {"limit": {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "examples": [50]}},
}


def is_required(path: str, name: str) -> bool:
    if path == f"{REPORTS}batch":
        return name in ("website_id", "reports[]")
    return name in ("website_id", "steps[]") or QUERIES[path] is OF_USERS and name in DATES


BODIES: dict[tuple[str, str], msgspec.json.Decoder[Any]] = {
    ("post", "/api/v1/accounts"): accounts.NEW_ACCOUNT,
    ("post", "/api/v1/users"): users.NEW_USER,
    ("post", "/api/v1/sessions"): sessions.CREDENTIALS,
    ("post", "/api/v1/websites"): websites.NEW_WEBSITE,
    ("patch", "/api/v1/websites/{website_id}"): websites.CHANGE,
    ("post", "/api/v1/websites/{website_id}/shares"): shares.NEW_SHARE,
    ("post", "/api/v1/websites/{website_id}/content-groups/preview"): content_group_preview.PREVIEW,
    ("post", "/api/v1/admin/aggregate"): TARGET,
    ("post", "/api/v1/collect"): collect.DECODER,
    ("post", "/track"): track.DECODER,
    ("post", "/heartbeat"): heartbeat.DECODER,
    ("post", "/api/devices"): devices.NEW_DEVICE,
}

AN_ID = "9f1c2d3e-4b5a-4c6d-8e7f-0123456789ab"
GROUPS = [{"name": "Blog", "pattern": "/blog/*"}, {"name": "Years", "pattern": r"^/\d{4}/"}]
HIT = {
    "website_id": AN_ID,
    "event_type": "page_view",
    "url": "https://example.com/pricing",
    "path": "/pricing",
}
SIGN_UP = HIT | {"event_type": "signup", "properties": {"plan": "pro"}}
EXAMPLES: dict[tuple[str, str], list[Any]] = {
    ("post", "/api/v1/accounts"): [{"name": "Example Ltd"}],
    ("post", "/api/v1/users"): [
        {"account_id": AN_ID, "role": "user", "email": "alice@example.com"},
        {"account_id": AN_ID, "role": "admin"},
    ],
    ("post", "/api/v1/sessions"): [{"api_key": "tt_the_key_of_a_user"}],
    ("post", "/api/v1/websites"): [
        {"domain": "one.example", "timezone": "Europe/Berlin", "content_groups": GROUPS},
        {"domain": "two.example", "excluded_ips": ["192.0.2.0/24"], "retention_days": 400},
    ],
    ("patch", "/api/v1/websites/{website_id}"): [
        {"timezone": "America/New_York", "excluded_ips": ["2001:db8::/32"]},
        {"content_groups": GROUPS},
        {"domain": "three.example", "retention_days": None},
    ],
    ("post", "/api/v1/websites/{website_id}/shares"): [{"name": "Customers", "is_embeddable": True}],
    ("post", "/api/v1/websites/{website_id}/content-groups/preview"): [{"content_groups": GROUPS}],
    ("post", "/api/v1/admin/aggregate"): [{"date": "2026-03-13"}, {}],
    ("post", "/api/v1/collect"): [HIT, [HIT, SIGN_UP]],
    ("post", "/track"): [
        {"event": "play", "user_id": "alice"},
        {"event": "stop", "user_id": "alice", "timestamp": "2026-03-13T10:00:00Z", "metadata": {"at": 7}},
    ],
    ("post", "/heartbeat"): [{"instance_id": AN_ID, "version": "1.2.3"}],
    ("post", "/api/devices"): [{"name": "Laptop"}],
}
