"""GET / and /static/...: the dashboard's page and files, as a browser is served them."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.web.conftest import web_alone
from tinytrail.config import Config
from tinytrail.web.dashboard import Dashboard

FILES = {
    "index.html": '<html${theme}><script src="${base}static/${version}/main.js"></script>\n${preloads}',
    "main.js": 'import { a } from "./a.js";\nimport "./b.js";\nconst later = () => import("./later.js");',
    "a.js": 'import { c } from "./c.js";\nexport { c };',
    "b.js": "import { a } from './a.js';",
    "c.js": 'export const c = "from ./nowhere.js";',
    "later.js": "",
    "icon.svg": "<svg/>",
    "notes.txt": "not to be served",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dashboard"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def links(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]*)"', page)


async def test_the_page_is_served_to_anyone_and_never_kept(client: AsyncClient) -> None:
    response = await client.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in response.headers
    assert "<title>TinyTrail</title>" in response.text
    assert "$" not in response.text


async def test_every_link_of_the_page_is_relative_and_leads_to_a_file_that_may_be_kept(
    client: AsyncClient,
) -> None:
    found = links((await client.get("/")).text)
    assert len(found) > 1
    for link in found:
        if link.startswith("#"):
            continue
        assert not link.startswith(("/", "http"))
        response = await client.get(f"/{link}")
        assert response.status_code == 200, link
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_every_file_has_its_type_and_every_import_leads_to_a_file(
    app: Litestar, client: AsyncClient
) -> None:
    dashboard: Dashboard = app.state.dashboard
    types = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    for name in dashboard.files:
        response = await client.get(f"/static/{dashboard.version}/{name}")
        assert response.headers["content-type"].split(";")[0] == types[name.rpartition(".")[2]]
        for imported in re.findall(r'(?:from|import) ?\(?"\./([^"]+)"', response.text):
            assert imported in dashboard.files, f"{name} imports {imported}"


@pytest.mark.parametrize("path", ["/", "/static/{version}/main.js", "/static/before/main.js"])
async def test_page_and_files_may_reach_this_server_alone_and_be_framed_by_nobody(
    app: Litestar, client: AsyncClient, path: str
) -> None:
    response = await client.get(path.format(version=app.state.dashboard.version))
    assert response.status_code == 200
    assert response.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("site", "policy"),
    [("", "same-origin"), ("cross-site", "same-origin"), ("same-origin", "same-origin"), ("none", None)],
)
async def test_the_page_is_out_of_reach_of_whichever_page_may_have_opened_it(
    client: AsyncClient, site: str, policy: str | None
) -> None:
    response = await client.get("/", headers={"sec-fetch-site": site} if site else {})
    assert response.headers.get("cross-origin-opener-policy") == policy


@pytest.mark.parametrize(
    ("cookie", "attribute"),
    [
        ("", ""),
        ("tinytrail_theme=dark", ' data-theme="dark"'),
        ("other=1; tinytrail_theme=light", ' data-theme="light"'),
        ('tinytrail_theme="><script>', ""),
    ],
)
async def test_the_page_comes_in_the_theme_that_was_chosen(
    client: AsyncClient, cookie: str, attribute: str
) -> None:
    page = (await client.get("/", headers={"cookie": cookie})).text
    assert re.findall("<html[^>]*>", page) == [f'<html lang="en"{attribute}>']


async def test_before_the_first_paint_only_the_style_sheet_is_asked_for(client: AsyncClient) -> None:
    page = (await client.get("/")).text
    at_once, rest = page.split("<template", 1)
    assert re.findall(r"<link [^>]*rel=\"(\w+)\"", at_once) == ["stylesheet", "icon"]
    assert re.findall(r"<script ([^>]*)src=\"[^\"]*/([\w.]+)\"", at_once) == [("defer ", "start.js")]
    assert 'src="static/' in rest
    assert "modulepreload" in rest


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_can_be_sent_to_page_or_files(app: Litestar, client: AsyncClient, method: str) -> None:
    for path in ("/", f"/static/{app.state.dashboard.version}/main.js"):
        response = await client.request(method, path)
        assert response.status_code == 405, path
        assert set(response.headers["allow"].split(", ")) >= {"GET"}


async def test_nothing_stands_in_the_page_that_the_policy_forbids(client: AsyncClient) -> None:
    page = (await client.get("/")).text
    assert not re.search(r"<style|<script(?![^>]* src=)| style=| on\w+=", page)


async def test_under_another_version_a_file_is_served_and_not_kept(client: AsyncClient) -> None:
    response = await client.get("/static/of-last-year/main.js")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/static/1/index.html",
        "/static/1/nothing.js",
        "/static/1/..%2ftracker.js",
        "/static/1/%2e%2e%2f%2e%2e%2fschema.sql",
        "/static/1",
        "/static/1/main.js/more",
    ],
)
async def test_what_is_no_file_of_the_dashboard_is_a_404(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/", "/static/{version}/main.js", "/static/1/main.js"])
@pytest.mark.parametrize("accepted", ["gzip, br", "identity"])
async def test_it_is_gzipped_for_whoever_takes_that(
    client: AsyncClient, app: Litestar, path: str, accepted: str
) -> None:
    path = path.format(version=app.state.dashboard.version)
    async with client.stream("GET", path, headers={"accept-encoding": accepted}) as response:
        sent = b"".join([chunk async for chunk in response.aiter_raw()])
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["content-length"] == str(len(sent))
    assert response.headers.get("content-encoding") == ("gzip" if accepted != "identity" else None)
    plain = sent if accepted == "identity" else gzip.decompress(sent)
    dashboard: Dashboard = app.state.dashboard
    assert plain == (dashboard.pages["", ""] if path == "/" else dashboard.files["main.js"]).content


def test_all_that_the_main_module_needs_is_loaded_ahead_and_what_it_may_need_later_is_not(
    folder: Path,
) -> None:
    dashboard = Dashboard(folder)
    version = dashboard.version
    for base in ("", "../"):
        page = dashboard.pages[base, ""].content.decode()
        assert links(page) == [
            f"{base}static/{version}/{name}" for name in ("main.js", "a.js", "b.js", "c.js")
        ]


def test_the_version_is_another_when_any_file_is(folder: Path) -> None:
    versions = {Dashboard(folder).version, Dashboard(folder).version}
    assert len(versions) == 1
    for name in ("index.html", "later.js", "icon.svg"):
        (folder / name).write_text((folder / name).read_text() + " ")
        versions.add(Dashboard(folder).version)
    (folder / "icon.svg").rename(folder / "mark.svg")
    versions.add(Dashboard(folder).version)
    assert len(versions) == 5


def test_only_files_of_a_known_kind_are_served(folder: Path) -> None:
    assert Dashboard(folder).files.keys() == FILES.keys() - {"index.html", "notes.txt"}


class TestSwitchedOff:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        off: dict[str, Any] = {"enabled": False}
        return web_alone(tmp_path, web=off)

    async def test_there_is_no_dashboard(self, client: AsyncClient) -> None:
        for path in ("/", "/static/1/main.js"):
            assert (await client.get(path)).status_code == 404
