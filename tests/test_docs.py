"""The documentation, held to the program."""

import re
from argparse import ArgumentTypeError
from pathlib import Path

import pytest
from litestar.routes import HTTPRoute

from docs.demo import folder_without_database
from tests.make import config_in
from tinytrail.app import create_app

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs/api").glob("*.md"))

# A bare ASGI handler does not say which methods it knows.
BARE = {
    "/api/v1/collect": {"POST", "OPTIONS"},
    "/track": {"POST"},
    "/heartbeat": {"POST"},
    "/api/beat": {"POST"},
    "/api/stats/ws": {"GET"},
}


def as_documented(path: str) -> str:
    """`/users/{user_id}` and `/users/:id` are the same path."""
    return re.sub(r"\{\w+\}|:\w+", ":id", path)


def test_the_documented_routes_are_the_routes_served(tmp_path: Path) -> None:
    documented = {
        (method, as_documented(path))
        for page in PAGES
        for method, path in re.findall(r"^#### `(\w+) (/\S*)`", page.read_text(), re.MULTILINE)
    }
    routed = {
        (method, as_documented(route.path_format))
        for route in create_app(config_in(tmp_path, presence={"secret_key": "x"})).routes
        for method in (
            route.methods - {"OPTIONS", "HEAD"} if isinstance(route, HTTPRoute) else BARE[route.path_format]
        )
    }
    assert routed == documented


MARKDOWN = [path for path in ROOT.glob("**/*.md") if not {".venv", "node_modules"} & set(path.parts)]


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


TEXTS = [
    *MARKDOWN,
    ROOT / "tinytrail.toml.example",
    *ROOT.glob("docs/systemd/*"),
    *ROOT.glob("tinytrail/**/*.py"),
]
BY_NAME = re.compile(
    r"\bpipx? (install|upgrade) '?tinytrail\b|\binstall tinytrail\[|pypi\.org/project/tinytrail"
)


def test_nobody_is_told_to_install_a_name_that_may_be_a_strangers() -> None:
    """It is not on PyPI: whoever takes the name there would be run by all who follow the documents."""
    paragraphs = [text for path in TEXTS for text in path.read_text().split("\n\n") if BY_NAME.search(text)]
    assert [text for text in paragraphs if "first release" not in text] == []


def test_the_demonstration_makes_its_folder_and_says_why_it_cannot_use_another(tmp_path: Path) -> None:
    assert folder_without_database(f"{tmp_path}/new/one").is_dir()
    (tmp_path / "tinytrail.db").touch()
    for name, reason in (
        (f"{tmp_path}", " holds a database already"),
        (f"{tmp_path}/tinytrail.db", ": File exists"),
    ):
        with pytest.raises(ArgumentTypeError, match=f"^{name}{reason}$"):
            folder_without_database(name)


def directives(caddyfile: str) -> list[str]:
    lines = [line.strip() for line in caddyfile.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_the_caddyfile_for_pocket_ids_is_the_tested_one_but_for_names_and_the_certificate() -> None:
    [shown] = re.findall(r"```caddyfile\n(.*?)```", (ROOT / "docs/pocket-id.md").read_text(), re.DOTALL)
    tested = (ROOT / "docs/proxies/Caddyfile").read_text()
    for theirs, here in (
        ("stats.example.com", "analytics.pocket-id.org"),
        ("127.0.0.1:8000", "tinytrail:8000"),
    ):
        tested = tested.replace(theirs, here)
    assert [line for line in directives(shown) if line != "tls internal"] == directives(tested)
