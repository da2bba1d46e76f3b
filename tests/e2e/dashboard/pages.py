"""Reading and using the dashboard as a person does: by headings, rows, figures and buttons."""

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.e2e.dashboard.conftest import Told


def panel(page: Page, title: str) -> Locator:
    """The card with this heading."""
    return page.locator("section.card", has=page.get_by_role("heading", name=title, exact=True))


def settled(page: Page) -> None:
    """Wait until what was asked for is shown."""
    expect(page.locator(".site[aria-busy]")).to_have_count(0)
    expect(page.locator(".site .figure").first).to_be_visible()


def open_page(page: Page, url: str) -> None:
    page.goto(url)
    settled(page)


def rows(page: Page, title: str, tab: str | None = None) -> list[tuple[str, ...]]:
    """Names and figures of a panel's rows; `tab` is turned to first. Shares and tags are left out."""
    card = panel(page, title)
    if tab:
        card.get_by_role("tab", name=tab, exact=True).click()
    return read_rows(card.locator("table.list"))


def read_rows(table: Locator) -> list[tuple[str, ...]]:
    return [
        (
            row.locator("th .name > :first-child").inner_text(),
            *row.locator("td:not(.share)").all_inner_texts(),
        )
        for row in table.locator("tbody tr").all()
    ]


def search_everything(page: Page, text: str) -> Locator:
    """The dialog of the search, once it shows what was found: it opens with all that there is."""
    page.keyboard.press("/")
    dialog = page.get_by_role("dialog", name="Search")
    not_found = dialog.get_by_role("button", name="/", exact=True)
    expect(not_found).to_be_visible()
    dialog.get_by_role("searchbox").fill(text)
    expect(not_found).to_have_count(0)
    return dialog


def figures(page: Page) -> dict[str, str]:
    """The headline, by its labels."""
    return {
        figure.locator(".label").inner_text(): figure.locator("strong").inner_text()
        for figure in page.locator(".headline .figure").all()
    }


def chips(page: Page) -> list[str]:
    return [" ".join(text.split()).removesuffix(" ✕") for text in page.locator(".chips li").all_inner_texts()]


def open_settings(page: Page, told: Told, website_id: str = "") -> None:
    page.goto(f"{told.server.url}/?view=settings&site={website_id}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def website(told: Told, website_id: str | None = None) -> dict[str, object]:
    """The website as the API has it."""
    path = f"{told.server.url}/api/v1/websites/{website_id or told.website_id}"
    found: dict[str, object] = httpx.get(path, headers={"X-API-KEY": told.key}).json()["data"]
    return found


def saved(card: Locator) -> None:
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_text("Saved.")).to_be_visible()
