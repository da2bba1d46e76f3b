"""Finding something to filter by: what is searched is what is shown."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.dashboard.conftest import DOMAIN, Told
from tests.e2e.dashboard.pages import chips, open_page, panel, read_rows, settled

# What the search of everything finds in the last seven days, that a list shows by another name than the API has.
NAMES = [
    # searched for, row, its chip
    ("ger", "Germany", "Country is Germany"),
    ("DE", "Germany", "Country is Germany"),
    ("united st", "United States", "Country is United States"),
    ("organic", "Organic Search", "Channel is Organic Search"),
    ("direct", "Direct", "Channel is Direct"),
    ("phone", "Phone", "Device is Phone"),
    ("mobile", "Phone", "Device is Phone"),
    ("firef", "Firefox", "Browser is Firefox"),
    ("linux", "Linux", "System is Linux"),
]


@pytest.mark.parametrize(("text", "row", "chip"), NAMES, ids=[row[0] for row in NAMES])
def test_what_is_shown_is_found_by_the_name_it_is_shown_by(
    owner: Page, told: Told, text: str, row: str, chip: str
) -> None:
    open_page(owner, told.page)
    owner.keyboard.press("/")
    dialog = owner.get_by_role("dialog", name="Search")
    dialog.get_by_role("searchbox").fill(text)
    dialog.get_by_role("button", name=row, exact=True).click()
    settled(owner)
    assert chips(owner) == [chip]


WHOLE = [
    # panel, tab, searched for, rows left, lines of the csv
    ("Countries", None, "ger", [("Germany", "3")], ["country,visits", "DE,3"]),
    ("Sources", "Channels", "DIR", [("Direct", "3")], ["channel,visits", "Direct,3"]),
    ("Devices", "Type", "phone", [("Phone", "1")], ["deviceType,visits", "mobile,1"]),
    ("Devices", "Browser", "fox", [("Firefox", "2")], ["browserFamily,visits", "Firefox,2"]),
    ("Devices", "Screen", "1441", [("1441 px and more", "4")], ["bucket,visits", "1441+,4"]),
    ("Devices", "System", "nothing", [], ["osFamily,visits"]),
]


@pytest.mark.parametrize(("title", "tab", "text", "left", "csv"), WHOLE, ids=[row[2] for row in WHOLE])
def test_a_short_list_and_its_csv_are_searched_by_the_names_shown(
    owner: Page,
    told: Told,
    title: str,
    tab: str | None,
    text: str,
    left: list[tuple[str, ...]],
    csv: list[str],
) -> None:
    open_page(owner, told.page)
    card = panel(owner, title)
    if tab:
        card.get_by_role("tab", name=tab).click()
    card.get_by_role("button", name="Details").click()
    dialog = owner.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill(text)
    expect(dialog.locator("tbody tr")).to_have_count(len(left))
    assert read_rows(dialog.locator("table")) == left
    with owner.expect_download() as download:
        dialog.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename.startswith(DOMAIN)
    assert download.value.path().read_text().splitlines() == csv
