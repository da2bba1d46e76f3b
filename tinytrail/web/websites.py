"""Websites: what is measured, and how."""

import asyncio
import re
from typing import Annotated, Any
from uuid import uuid4

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.exceptions import NotFoundException, PermissionDeniedException, ValidationException
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType

from tinytrail.core.body import read_json
from tinytrail.core.client_ip import parse_networks
from tinytrail.core.clock import timestamp, zone_names
from tinytrail.core.connect import Tx, rows
from tinytrail.core.errors import invalid
from tinytrail.core.inject import Db, Now
from tinytrail.web.auth import Caller, CurrentCaller, parse_uuid, write_as
from tinytrail.web.content_groups import Groups, StoredGroup, decode_groups
from tinytrail.web.deletion import mark_for_deletion
from tinytrail.web.errors import success
from tinytrail.web.path_groups import groups_of, regroup_paths

LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"{LABEL}(\.{LABEL})*", re.ASCII | re.IGNORECASE)
CIDR = re.compile(r"[^/%]+(/\d+)?", re.ASCII)  # `parse_networks` takes masks and scopes (%eth0) as well
NO_DOMAIN = (
    "must be a domain name without https://, port or path: letters from a to z, digits, hyphens and dots, "
    "at most 255; names with other letters are written xn--..."
)

Addresses = Annotated[tuple[str, ...], Meta(max_length=1000)]
Days = Annotated[int, Meta(ge=0, le=36_500)]


class NewWebsite(msgspec.Struct, frozen=True):
    domain: str
    content_groups: Groups = ()
    excluded_ips: Addresses = ()
    timezone: str = "UTC"
    retention_days: Days | None = None
    account_id: str | None = None


class WebsiteChange(msgspec.Struct, frozen=True):
    domain: str | UnsetType = UNSET
    content_groups: Groups | UnsetType = UNSET
    excluded_ips: Addresses | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    retention_days: Days | None | UnsetType = UNSET

    def given(self) -> dict[str, Any]:
        return {key: value for key, value in msgspec.structs.asdict(self).items() if value is not UNSET}


NEW_WEBSITE = msgspec.json.Decoder(NewWebsite)
CHANGE = msgspec.json.Decoder(WebsiteChange)


class Website(msgspec.Struct, frozen=True):
    site: int  # what its traffic is keyed by
    id: str
    account_id: str
    domain: str
    timezone: str
    content_groups: tuple[StoredGroup, ...]
    excluded_ips: tuple[str, ...]
    retention_days: int | None  # of visits and events; 0: for good, None: as `[web] retention_days` says
    created_at: float

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "accountId": self.account_id,
            "domain": self.domain,
            "contentGroups": self.content_groups,
            "excludedIps": self.excluded_ips,
            "timezone": self.timezone,
            "retentionDays": self.retention_days,
            "createdAt": timestamp(self.created_at),
        }

    def columns(self) -> dict[str, Any]:
        encode = msgspec.json.encode
        lists = {name: encode(getattr(self, name)).decode() for name in ("content_groups", "excluded_ips")}
        return msgspec.structs.asdict(self) | lists


def of_record(*, content_groups: str, excluded_ips: str, **columns: Any) -> Website:
    addresses = msgspec.json.decode(excluded_ips, type=tuple[str, ...])
    return Website(content_groups=decode_groups(content_groups), excluded_ips=addresses, **columns)


SELECT = """
    select site, id, account_id, domain, timezone, content_groups, excluded_ips, retention_days, created_at
      from websites
"""
INSERT = """
    insert into websites ( id,  account_id,  domain,  timezone,  content_groups,  excluded_ips,
                           retention_days,  created_at)
                  values (:id, :account_id, :domain, :timezone, :content_groups, :excluded_ips,
                          :retention_days, :created_at)
    returning site
"""
UPDATE = """
    update websites
       set domain = :domain,
           timezone = :timezone,
           content_groups = :content_groups,
           excluded_ips = :excluded_ips,
           retention_days = :retention_days
     where site = :site
"""


def websites_of(tx: Tx, account_id: str | None) -> list[Website]:
    """The account's websites; everybody's for None."""
    where = "where :account_id is null or account_id = :account_id"
    return rows(tx, of_record, f"{SELECT} {where} order by domain, id", account_id=account_id)


def find_website(tx: Tx, website_id: str) -> Website | None:
    return next(iter(rows(tx, of_record, f"{SELECT} where id = :id", id=website_id)), None)


def website_for(tx: Tx, caller: Caller, website_id: str) -> Website:
    """A website that the caller may see; else 404."""
    website = find_website(tx, website_id)
    if website is None:
        raise NotFoundException
    caller.must_see_website(website.id, website.account_id)
    return website


def insert_website(tx: Tx, new: NewWebsite, account_id: str, now: float) -> Website:
    """Raises 400, naming the field, for what cannot be used."""
    if not tx.execute("select 1 from accounts where id = :id", {"id": account_id}).fetchone():
        invalid("account_id", "there is no such account")
    given = msgspec.structs.asdict(new) | {"account_id": account_id}
    website = _checked(tx, Website(site=0, id=str(uuid4()), created_at=now, **given))
    [(site,)] = tx.execute(INSERT, website.columns()).fetchall()
    return msgspec.structs.replace(website, site=site)


def update_website(
    tx: Tx, caller: Caller, website_id: str, change: WebsiteChange, judged: dict[str, str | None]
) -> Website:
    """`judged`: the group of each path, where content groups change.

    Raises 404, and 400, naming the field, for what cannot be used.
    """
    website = website_for(tx, caller, website_id)
    if not change.given():
        raise ValidationException(f"Give at least one of {', '.join(change.__struct_fields__)}")
    website = _checked(tx, msgspec.structs.replace(website, **change.given()))
    tx.execute(UPDATE, website.columns())
    if change.content_groups is not UNSET:
        groups = website.columns()["content_groups"]
        regroup_paths(tx, website.site, website.account_id, groups, judged)
    return website


def _checked(tx: Tx, website: Website) -> Website:
    """The website, its domain folded to lower case. Raises 400, naming the field."""
    domain = website.domain.lower()
    if len(domain) > 255 or not DOMAIN.fullmatch(domain):
        invalid("domain", NO_DOMAIN)
    taken = "select 1 from websites where account_id = :account_id and domain = :domain and site <> :site"
    if tx.execute(taken, website.columns() | {"domain": domain}).fetchone():
        invalid("domain", f"this account has {domain} already")
    for address in website.excluded_ips:
        if not _is_network(address):
            invalid("excluded_ips", f"`{address}` is no IP address and no CIDR range")
    if website.timezone not in zone_names():
        invalid("timezone", f"`{website.timezone}` is no time zone; use a name such as Europe/Berlin")
    return msgspec.structs.replace(website, domain=domain)


def _is_network(text: str) -> bool:
    """Whether it is an address or a CIDR range, and no netmask: 192.0.2.1/0.0.0.0 would be everybody."""
    try:
        return bool(CIDR.fullmatch(text) and parse_networks([text]))
    except ValueError:
        return False


def paths_for(tx: Tx, caller: Caller, website_id: str) -> list[str]:
    """All paths that the website ever had. Raises 404."""
    website = website_for(tx, caller, website_id)
    return [
        path for (path,) in tx.execute("select path from paths where site = :site", {"site": website.site})
    ]


def delete_website(tx: Tx, caller: Caller, website_id: str) -> Website:
    """Its traffic is left to web/deletion.py. Raises 404."""
    website = website_for(tx, caller, website_id)
    mark_for_deletion(tx, "id", website.id)
    return website


@get("/websites")
async def list_websites(caller: CurrentCaller, db: Db) -> dict[str, Any]:
    found = await db.read(websites_of, None if caller.is_admin else caller.account_id)
    return success([website.as_json() for website in found])


@get("/websites/{website_id:str}")
async def show_website(website_id: FromPath[str], caller: CurrentCaller, db: Db) -> dict[str, Any]:
    return success((await db.read(website_for, caller, parse_uuid(website_id, "id"))).as_json())


@post("/websites")
async def create_website(
    request: Request[Any, Any, Any], caller: CurrentCaller, db: Db, now: Now
) -> dict[str, Any]:
    data = await read_json(request, NEW_WEBSITE, aside=True)
    account_id = caller.account_id if data.account_id is None else parse_uuid(data.account_id, "account_id")
    if account_id != caller.account_id and not caller.is_admin:
        raise PermissionDeniedException("account_id: only an admin may name another account")
    return success((await write_as(db, caller, insert_website, data, account_id, now)).as_json())


@patch("/websites/{website_id:str}")
async def change_website(
    website_id: FromPath[str], request: Request[Any, Any, Any], caller: CurrentCaller, db: Db
) -> dict[str, Any]:
    change = await read_json(request, CHANGE, aside=True)
    website_id = parse_uuid(website_id, "id")
    judged: dict[str, str | None] = {}
    if change.content_groups is not UNSET:
        paths = await db.read(paths_for, caller, website_id)
        judged = await asyncio.to_thread(groups_of, paths, change.content_groups)
    website = await write_as(db, caller, update_website, caller, website_id, change, judged)
    request.app.state.websites.forget()
    return success(website.as_json())


@delete("/websites/{website_id:str}", status_code=200)
async def remove_website(
    website_id: FromPath[str], request: Request[Any, Any, Any], caller: CurrentCaller, db: Db
) -> dict[str, Any]:
    website = await write_as(db, caller, delete_website, caller, parse_uuid(website_id, "id"))
    request.app.state.websites.forget()
    request.app.state.purge_due.set()  # millions of events take minutes: nobody is to wait for that
    return success(website.as_json())
