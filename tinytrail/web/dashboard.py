"""GET / and the files it is made of: the dashboard, whose page is the same for everybody.

The page holds no figures; its modules ask the API for them. All links are relative, so that a proxy may put
it below any path.
"""

import gzip
import hashlib
import re
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send

from tinytrail.core.asgi import accepts_gzip, answer, as_bytes, header_value

PAGE = "index.html"
MAIN = "main.js"
MEDIA_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
# Not import("./x.js"), which is for later.
IMPORT = re.compile(r"""\b(?:from|import) ?["']\./([\w.-]+)["']""")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)
UNCHANGING = "public, max-age=31536000, immutable"

THEME_COOKIE = "tinytrail_theme"  # set by shell.js; a page in the wrong colours would flash by
THEMES = ("", "light", "dark")  # the first is the system's


def security_headers(*, is_embeddable: bool = False) -> dict[str, str]:
    """What the page and its files may do, and who may show them in a frame: nobody, or everybody."""
    headers = {
        "Content-Security-Policy": POLICY.format(ancestors="*" if is_embeddable else "'none'"),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return headers if is_embeddable else headers | {"X-Frame-Options": "DENY"}


def opener_policy(fetch_site: str) -> dict[str, str]:
    """Takes the page out of reach of whichever page opened it.

    Nobody did where the reader gave the address (`Sec-Fetch-Site: none`). There it would only have Chromium
    start another process for the page, which takes longer than painting it.
    """
    return {} if fetch_site == "none" else {"Cross-Origin-Opener-Policy": "same-origin"}


class File(NamedTuple):
    media_type: str
    content: bytes
    gzipped: bytes

    def response(self, request: Request[Any, Any, Any], headers: dict[str, str]) -> Response[bytes]:
        """The file, gzipped for whoever takes that."""
        headers = headers | {"Vary": "Accept-Encoding"}
        if accepts_gzip(request.headers.get("accept-encoding", "")):
            return Response(
                self.gzipped, media_type=self.media_type, headers=headers | {"Content-Encoding": "gzip"}
            )
        return Response(self.content, media_type=self.media_type, headers=headers)

    def sender(self, headers: dict[str, str]) -> ASGIApp:
        """A handler of its own, whose answers are made beforehand: a page asks for twenty files at once."""
        sent = as_bytes(
            headers | {"Vary": "Accept-Encoding", "Content-Type": f"{self.media_type}; charset=utf-8"}
        )
        sent_gzipped = (*sent, (b"content-encoding", b"gzip"))

        async def send_file(scope: Scope, receive: Receive, send: Send) -> None:
            if scope.get("method") != "GET":
                raise MethodNotAllowedException(headers={"Allow": "GET, HEAD"})
            accepted = header_value(scope["headers"], b"accept-encoding").decode("latin-1")
            if accepts_gzip(accepted):
                await answer(scope, send, 200, self.gzipped, sent_gzipped)
            else:
                await answer(scope, send, 200, self.content, sent)

        return send_file


@lru_cache(128)
def compressed(content: bytes) -> bytes:
    """At the level that takes longest, since it is done once; remembered for those who make many apps."""
    return gzip.compress(content, 9, mtime=0)


@lru_cache(128)
def imported_by(content: bytes) -> frozenset[str]:
    """The modules that one module imports."""
    return frozenset(IMPORT.findall(content.decode()))


class Dashboard:
    """The page and its files, read as the app is made: a restart shows what has changed."""

    def __init__(self, folder: Traversable | None = None) -> None:
        folder = folder or files("tinytrail").joinpath("static/dashboard")
        contents = {
            file.name: file.read_bytes()
            for file in sorted(folder.iterdir(), key=lambda file: file.name)
            if file.name.rpartition(".")[2] in MEDIA_TYPES
        }
        everything = b"".join(name.encode() + content for name, content in contents.items())
        self.version = hashlib.sha256(everything).hexdigest()[:12]
        page = contents.pop(PAGE)
        self.files = {name: as_file(name, content) for name, content in contents.items()}
        self.pages = {
            (base, theme): as_file(PAGE, self._page(page, base, theme))
            for base in ("", "../")
            for theme in THEMES
        }

    def _page(self, template: bytes, base: str, theme: str) -> bytes:
        """The page, for an address from which the server's root is at `base`."""
        attribute = f' data-theme="{theme}"' if theme else ""
        preloads = "\n".join(
            f'<link rel="modulepreload" href="{base}static/{self.version}/{name}">'
            for name in self._modules()
        )
        text = Template(template.decode())
        return text.substitute(base=base, version=self.version, theme=attribute, preloads=preloads).encode()

    def _modules(self) -> list[str]:
        """All that the main module imports, and what that imports: else each would be found only as it is
        needed, a journey to the server for every step."""
        found, new = {MAIN}, {MAIN}
        while new:
            imported = {name for importer in new for name in imported_by(self.files[importer].content)}
            new = imported & self.files.keys() - found
            found |= new
        return sorted(found - {MAIN})

    def page(
        self, request: Request[Any, Any, Any], base: str, *, is_embeddable: bool = False
    ) -> Response[bytes]:
        headers = security_headers(is_embeddable=is_embeddable) | {"Cache-Control": "no-store"}
        headers |= opener_policy(request.headers.get("sec-fetch-site", ""))
        theme = request.cookies.get(THEME_COOKIE, "")
        return self.pages[base, theme if theme in THEMES else ""].response(request, headers)

    def short_cuts(self) -> dict[str, ASGIApp]:
        """The files of this version by path, for the app to send without routing."""
        headers = security_headers() | {"Cache-Control": UNCHANGING}
        return {f"/static/{self.version}/{name}": file.sender(headers) for name, file in self.files.items()}


def as_file(name: str, content: bytes) -> File:
    return File(MEDIA_TYPES[name.rpartition(".")[2]], content, compressed(content))


@get("/")
async def show_dashboard(request: Request[Any, Any, Any]) -> Response[bytes]:
    dashboard: Dashboard = request.app.state.dashboard
    return dashboard.page(request, base="")


@get("/static/{version:str}/{file:str}")
async def static_file(
    version: FromPath[str], file: FromPath[str], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """A file of the dashboard under another version's address: a page that is still open after an upgrade
    gets today's, and keeps none. This version's have short cuts."""
    dashboard: Dashboard = request.app.state.dashboard
    found = dashboard.files.get(file)
    if found is None:
        raise NotFoundException
    return found.response(request, security_headers() | {"Cache-Control": "no-cache"})
