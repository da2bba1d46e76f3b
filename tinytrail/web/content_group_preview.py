"""POST /api/v1/websites/:id/content-groups/preview: what patterns would hold, before they are saved."""

import asyncio
from typing import Any

import msgspec
from litestar import Request, post
from litestar.params import FromPath

from tinytrail.core.body import read_json
from tinytrail.core.clock import local_day
from tinytrail.core.connect import Tx
from tinytrail.core.inject import Db, Now
from tinytrail.web.auth import Caller, CurrentCaller, parse_uuid
from tinytrail.web.content_groups import Groups, places_of
from tinytrail.web.counts import totals
from tinytrail.web.dimensions import PATH
from tinytrail.web.errors import success
from tinytrail.web.websites import website_for

DAYS = 30  # today included
EXAMPLES = 5

Page = tuple[str, int]  # path, page views


class Preview(msgspec.Struct, frozen=True):
    content_groups: Groups


PREVIEW = msgspec.json.Decoder(Preview)


def pages_of_late(tx: Tx, caller: Caller, website_id: str, now: float) -> list[Page]:
    """The paths of the last 30 days, most read first. Raises 404."""
    website = website_for(tx, caller, website_id)
    today = local_day(website.timezone, now)
    values = {"site": website.site, "start": today - DAYS + 1, "end": today, "include_bots": False}
    sql = f"""
        select path, pageviews
          from ({totals(tx, PATH, ("pageviews",), values)})
          join paths on paths.id = value
         order by pageviews desc, path
    """
    return tx.execute(sql, values).fetchall()


def preview(pages: list[Page], groups: Groups) -> dict[str, Any]:
    """Raises 400, as saving does, for patterns that take too long."""
    members: dict[int | None, list[Page]] = {place: [] for place in (*range(len(groups)), None)}
    for page, place in zip(pages, places_of((path for path, _ in pages), groups), strict=True):
        members[place].append(page)
    named = [{"name": group.name, **summary(members[place])} for place, group in enumerate(groups)]
    return {"groups": named, "unmatched": summary(members[None])}


def summary(pages: list[Page]) -> dict[str, Any]:
    return {
        "paths": len(pages),
        "pageviews": sum(pageviews for _, pageviews in pages),
        "examples": [path for path, _ in pages[:EXAMPLES]],
    }


@post("/websites/{website_id:str}/content-groups/preview", status_code=200)
async def preview_content_groups(
    website_id: FromPath[str], request: Request[Any, Any, Any], caller: CurrentCaller, db: Db, now: Now
) -> dict[str, Any]:
    wanted = await read_json(request, PREVIEW, aside=True)
    pages = await db.read(pages_of_late, caller, parse_uuid(website_id, "id"), now)
    # Not on a reader: slow patterns would keep it from reports.
    return success(await asyncio.to_thread(preview, pages, wanted.content_groups))
