"""Share links: a website's reports for whoever has the link, and nothing but these."""

from typing import Annotated, Any
from uuid import uuid4

import msgspec
from litestar import MediaType, Request, Response, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Meta

from tinytrail import __version__
from tinytrail.core.body import read_json
from tinytrail.core.clock import timestamp
from tinytrail.core.connect import Tx, rows
from tinytrail.core.inject import Db, Now
from tinytrail.core.tokens import derive_share_token, hash_token
from tinytrail.web.auth import Caller, CurrentCaller, parse_uuid, write_as
from tinytrail.web.cookie import Connection, base_url
from tinytrail.web.dashboard import Dashboard
from tinytrail.web.errors import success
from tinytrail.web.websites import Website, website_for


class NewShare(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(pattern=r"\S", max_length=200)]
    is_embeddable: bool = False


NEW_SHARE = msgspec.json.Decoder(NewShare)


class Share(msgspec.Struct, frozen=True):
    id: str
    website_id: str
    name: str
    is_embeddable: bool
    token_hash: bytes
    created_at: float

    def as_json(self, connection: Connection) -> dict[str, Any]:
        """Token and address are null for one made with another tinytrail.key: it still works, but nobody
        knows it."""
        token: str | None = derive_share_token(connection.app.state.secret, self.id)
        if hash_token(token or "") != self.token_hash:
            token = None
        return {
            "id": self.id,
            "name": self.name,
            "isEmbeddable": bool(self.is_embeddable),
            "url": token and f"{base_url(connection)}/share/{token}",
            "token": token,
            "createdAt": timestamp(self.created_at),
        }


SELECT = "select id, website_id, name, is_embeddable, token_hash, created_at from shares"
INSERT = """
    insert into shares (id, website_id, name, is_embeddable, token_hash, created_at)
    values (:id, :website_id, :name, :is_embeddable, :token_hash, :created_at)
"""


def shares_of(tx: Tx, caller: Caller, website_id: str) -> list[Share]:
    """Those of a website, as they were made. Raises 404."""
    website = website_for(tx, caller, website_id)
    where = "where website_id = :website_id order by created_at, id"
    return rows(tx, Share, f"{SELECT} {where}", website_id=website.id)


def insert_share(tx: Tx, caller: Caller, website_id: str, new: NewShare, secret: bytes, now: float) -> Share:
    """Make a link to a website's reports. Raises 404."""
    website = website_for(tx, caller, website_id)
    share_id = str(uuid4())
    token_hash = hash_token(derive_share_token(secret, share_id))
    share = Share(share_id, website.id, new.name.strip(), new.is_embeddable, token_hash, now)
    tx.execute(INSERT, msgspec.structs.asdict(share))
    return share


def delete_share(tx: Tx, caller: Caller, website_id: str, share_id: str) -> Share:
    """Raises 404, for another website's too."""
    for share in shares_of(tx, caller, website_id):
        if share.id == share_id:
            tx.execute("delete from shares where id = :id", {"id": share_id})
            return share
    raise NotFoundException


def find_by_token(tx: Tx, token: str) -> Share | None:
    return next(iter(rows(tx, Share, f"{SELECT} where token_hash = :hash", hash=hash_token(token))), None)


def share_of(tx: Tx, caller: Caller) -> tuple[Share, Website]:
    """What a caller with a share link was given. Raises 404 if it has just been revoked."""
    for share in rows(tx, Share, f"{SELECT} where id = :id", id=caller.share_id):
        return share, website_for(tx, caller, share.website_id)
    raise NotFoundException


def as_current_share(connection: Connection, share: Share, website: Website) -> dict[str, Any]:
    """What the dashboard has to know where a share link shows it: nothing of users, nor of the server."""
    site = {"id": website.id, "domain": website.domain, "timezone": website.timezone}
    return success(
        {
            "user": None,
            "share": {"name": share.name, "website": site},
            "baseUrl": base_url(connection),
            "version": __version__,
            "expiresAt": None,
        }
    )


@get("/websites/{website_id:str}/shares")
async def list_shares(
    website_id: FromPath[str], request: Request[Any, Any, Any], caller: CurrentCaller, db: Db
) -> dict[str, Any]:
    found = await db.read(shares_of, caller, parse_uuid(website_id, "id"))
    return success([share.as_json(request) for share in found])


@post("/websites/{website_id:str}/shares")
async def create_share(
    website_id: FromPath[str], request: Request[Any, Any, Any], caller: CurrentCaller, db: Db, now: Now
) -> dict[str, Any]:
    website_id = parse_uuid(website_id, "id")
    new = await read_json(request, NEW_SHARE)
    share = await write_as(db, caller, insert_share, caller, website_id, new, request.app.state.secret, now)
    return success(share.as_json(request))


@delete("/websites/{website_id:str}/shares/{share_id:str}", status_code=200)
async def remove_share(
    website_id: FromPath[str],
    share_id: FromPath[str],
    request: Request[Any, Any, Any],
    caller: CurrentCaller,
    db: Db,
) -> dict[str, Any]:
    ids = parse_uuid(website_id, "id"), parse_uuid(share_id, "share_id")
    return success((await write_as(db, caller, delete_share, caller, *ids)).as_json(request))


@get("/share/{token:str}")
async def show_shared_dashboard(
    token: FromPath[str], request: Request[Any, Any, Any], db: Db
) -> Response[Any]:
    """The dashboard's page, which then asks for figures with the token that its address holds."""
    share = await db.read(find_by_token, token)
    if share is None:
        raise NotFoundException(
            "This link leads nowhere, or no longer. Ask for a new one where you have it from."
        )
    if request.scope["raw_path"].endswith(b"/"):  # the page's links are relative, and so must this be
        query = request.scope["query_string"].decode("latin-1")
        location = f"../{token}?{query}" if query else f"../{token}"
        return Response("", status_code=308, headers={"Location": location}, media_type=MediaType.TEXT)
    dashboard: Dashboard = request.app.state.dashboard
    return dashboard.page(request, base="../", is_embeddable=bool(share.is_embeddable))
