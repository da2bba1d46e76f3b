"""The session cookie: how it is set, and which requests may come with it.

A browser adds a cookie by itself to whatever it is told to ask for, so a request with one must be of our own
page. SameSite=Strict keeps other sites out. What is left is other origins of the same site, such as another
name below the same domain or another port: those are told by Sec-Fetch-Site, or else by Origin.
"""

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import PermissionDeniedException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tinytrail.core.client_ip import ClientAddress
from tinytrail.core.clock import DAY

Connection = ASGIConnection[Any, Any, Any, Any]

COOKIE = "tinytrail_session"
LIFE = 30 * DAY  # seconds without use after which a session ends
READING = {"GET", "HEAD", "OPTIONS"}


def session_cookie(connection: Connection, token: str, max_age: int = LIFE) -> Cookie:
    """What stands for a session for `max_age` seconds; an empty token with 0 has the browser forget it."""
    return Cookie(
        key=cookie_name(connection),
        value=token,
        max_age=max_age,
        path="/",
        secure=is_https(connection),
        httponly=True,
        samesite="strict",
    )


def cookie_name(connection: Connection) -> str:
    """By https one that browsers take from this very host alone. Of any other name a page of a sibling domain
    could set one for both, which goes before ours, and so sign somebody in as whom it likes."""
    return f"__Host-{COOKIE}" if is_https(connection) else COOKIE


def session_token(connection: Connection) -> str:
    """What a request brings of a session; empty without one."""
    return connection.cookies.get(cookie_name(connection), "")


def must_be_our_own_page(connection: Connection, *, may_lack_origin: bool = False) -> None:
    """Raises 403 for a request that a page of another origin may have made.

    Browsers that do not send Sec-Fetch-Site (old ones, and all of them by plain http) send Origin with
    whatever changes something. `may_lack_origin`: programs other than browsers may do this as well.
    """
    site = connection.headers.get("sec-fetch-site", "")
    origin = connection.headers.get("origin", "")
    is_reading = connection.scope["method"] in READING  # type: ignore[typeddict-item]
    if site == "same-origin":
        return
    if site in ("", "none"):
        if origin in own_origins(connection):
            return
        if not origin and (is_reading or may_lack_origin):
            return
    raise PermissionDeniedException("This comes from another origin than the server's own pages")


def own_origins(connection: Connection) -> set[str]:
    """What a page of ours may have as its Origin: [server] public_url, and the host that was asked."""
    host = connection.headers.get("host", "").lower()
    schemes = ("https",) if is_https(connection) else ("https", "http")  # a proxy may not tell of its https
    public = urlsplit(public_url(connection).lower())
    return {f"{public.scheme}://{public.netloc}", *(f"{scheme}://{host}" for scheme in schemes)}


def is_https(connection: Connection) -> bool:
    """Whether browsers come by https, so that the cookie is for nothing else."""
    addresses: ClientAddress = connection.app.state.addresses
    return public_url(connection).startswith("https://") or addresses.scheme(connection.scope) == "https"


def base_url(connection: Connection) -> str:
    """Where browsers find the server, without a slash at the end: as set, else as this request found it."""
    if url := public_url(connection):
        return url.rstrip("/")
    addresses: ClientAddress = connection.app.state.addresses
    host = connection.headers.get("host", "")
    url = f"{addresses.scheme(connection.scope)}://{host}" if host else connection.app.state.config.base_url()
    return str(url)


def public_url(connection: Connection) -> str:
    url: str = connection.app.state.config.server.public_url
    return url


def resend_cookie(app: ASGIApp) -> ASGIApp:
    """A middleware: the cookie that a guard has left in the scope goes out with the answer, unless that has
    one of its own."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_cookie(message: Message) -> None:
            cookie: Cookie | None = scope.get("renewed_cookie")  # type: ignore[assignment]
            if cookie and message["type"] == "http.response.start":
                headers = list(message["headers"])
                if not any(name == b"set-cookie" for name, _ in headers):
                    message["headers"] = [*headers, cookie.to_encoded_header()]
            await send(message)

        await app(scope, receive, send_with_cookie)

    return middleware
