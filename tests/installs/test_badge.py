"""GET /badge/installs.svg, and the badges themselves."""

from xml.etree import ElementTree

import pytest
from httpx import AsyncClient

from tests.installs.make import beat
from tests.make import DAY, FakeClock
from tinytrail.core.badge import badge, badge_response

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: bytes) -> list[str | None]:
    return [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


async def test_it_shows_how_many_are_active_now(client: AsyncClient, clock: FakeClock) -> None:
    assert texts((await client.get("/badge/installs.svg")).content) == ["active installs", "0"]
    await beat(client, 1, 2, 3)
    assert texts((await client.get("/badge/installs.svg")).content) == ["active installs", "3"]
    clock.now += 2 * DAY
    assert texts((await client.get("/badge/installs.svg")).content) == ["active installs", "0"]


async def test_nobody_keeps_a_copy(client: AsyncClient) -> None:
    response = await client.get("/badge/installs.svg")

    assert response.status_code == 200
    assert response.headers["content-type"] == "image/svg+xml"
    assert "no-cache" in response.headers["cache-control"]


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/badge/other.svg", 404, "Not Found"),
        ("GET", "/badge", 404, "Not Found"),
        ("POST", "/badge/installs.svg", 405, "Method Not Allowed"),
    ],
)
async def test_errors_are_plain(client: AsyncClient, method: str, path: str, status: int, text: str) -> None:
    response = await client.request(method, path)

    assert (response.status_code, response.text) == (status, text)


def test_a_badge_can_be_read_aloud() -> None:
    root = ElementTree.fromstring(badge("last seen", "3 hours ago"))

    assert root.get("role") == "img"
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == "last seen: 3 hours ago"


HOSTILE = [
    "<script>alert(1)</script>",
    '"\' onload="x',
    "&amp;&",
    "]]>",
    "{width}",
    "a\x00b\x1b\ud800",
    "日本語 🦔",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_only_text(text: str) -> None:
    root = ElementTree.fromstring(badge(text, text))

    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg",
        "title",
        "rect",
        "path",
        "g",
        "text",
    }
    assert texts(badge(text, text))[0] == " ".join(
        "".join(c if c.isprintable() else " " for c in text).split()
    )


def test_a_long_text_is_cut() -> None:
    [label, value] = texts(badge("x" * 1000, "y"))

    assert (label, value) == ("x" * 63 + "…", "y")


def test_a_wider_text_makes_a_wider_badge() -> None:
    widths = [
        int(ElementTree.fromstring(badge("a", value)).get("width", ""))
        for value in ("1", "11", "1,111", "MMMMM")
    ]

    assert widths == sorted(set(widths))


def test_the_response_is_the_badge() -> None:
    assert badge_response("a", "b").content == badge("a", "b")
