"""Finding something to filter by: what is searched is what is shown."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.dashboard.conftest import DOMAIN, Told, add_website
from tests.e2e.dashboard.pages import chips, open_page, panel, read_rows, search_everything, settled
from tests.make import BROWSER, hit

# What the search of everything finds, that a list shows by another name than the API has.
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
    search_everything(owner, text).get_by_role("button", name=row, exact=True).click()
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


READABLE = [
    # a path as browsers send it, and how it is shown
    ("/%C3%BCber/stra%c3%9fe", "/über/straße"),
    ("/%E6%97%A5%E6%9C%AC", "/日本"),
    ("/über/so", "/über/so"),
    ("/%F0%9F%8C%B1%20a", "/🌱%20a"),
    # what no other path may be taken for
    ("/a%2Fb%3Fc%23d%25C3%25BC", "/a%2Fb%3Fc%23d%25C3%25BC"),
    ("/broken%C3/%BC%FF", "/broken%C3/%BC%FF"),
    ("/%E2%80%AEgnp.exe%C2%85", "/%E2%80%AEgnp.exe%C2%85"),  # turns the text round; a control character
    ("/a%C2%A0b%E2%80%8B%EF%BB%BF", "/a%C2%A0b%E2%80%8B%EF%BB%BF"),  # spaces, seen and unseen
    ("/%E3%85%A4%C2%AD%EF%B8%8F", "/%E3%85%A4%C2%AD%EF%B8%8F"),  # letters that are not drawn
    ("/u%CC%88ber", "/u%CC%88ber"),  # would look like the first one's
]


def test_paths_are_shown_as_people_read_them_and_no_two_alike(owner: Page, told: Told) -> None:
    stored = dict(READABLE)
    website_id = add_website(told, "languages.example", *stored)
    open_page(
        owner,
        f"{told.server.url}/?site={website_id}&period=today&step=/%25C3%25BCber/stra%25c3%259fe&step=/x",
    )
    card = panel(owner, "Pages")
    card.get_by_role("button", name="Details").click()
    dialog = owner.get_by_role("dialog")
    expect(dialog.locator("tbody tr")).to_have_count(len(stored))
    names = dialog.locator("tbody .name > :first-child").all()
    assert {name.get_attribute("title"): name.inner_text() for name in names} == stored
    owner.keyboard.press("Escape")
    expect(panel(owner, "Now").get_by_role("button", name="/über/straße")).to_be_visible()
    expect(panel(owner, "Funnel").locator(".result .name").first).to_have_text("/über/straße")
    card.get_by_role("tab", name="Landing").click()
    expect(card.get_by_role("button", name="/über/straße")).to_be_visible()
    owner.goto(f"{told.server.url}/?view=settings&site={website_id}")
    expect(owner.locator(".preview")).to_contain_text("/über/straße")


@pytest.mark.parametrize("text", ["ÜBER/STR", "%C3%BCber", "日本", "%e6%97"])
def test_a_path_is_found_as_it_is_read_and_as_it_is_stored(owner: Page, told: Told, text: str) -> None:
    encoded, read = READABLE[1 if text in ("日本", "%e6%97") else 0]
    website_id = add_website(told, f"found{len(text)}.{text.encode().hex()}.example", *dict(READABLE))
    open_page(owner, f"{told.server.url}/?site={website_id}&period=today")
    owner.keyboard.press("/")
    dialog = owner.get_by_role("dialog", name="Search")
    dialog.get_by_role("searchbox").fill(text)
    expect(dialog.locator("tbody tr")).to_have_count(1)
    dialog.get_by_role("button", name=read).click()
    settled(owner)
    assert chips(owner) == [f"Page is {read}"]
    assert owner.locator(".chips strong").get_attribute("title") == encoded
    assert f"f=page:{encoded.replace('%', '%25')}" in owner.url


@pytest.mark.parametrize("opener", ["Search", "Details"])
def test_escape_closes_a_dialog_though_its_search_is_filled(owner: Page, told: Told, opener: str) -> None:
    open_page(owner, told.page)
    owner.get_by_role("button", name=opener, exact=True).first.click()
    owner.get_by_role("searchbox").fill("blog")
    owner.keyboard.press("Escape")
    expect(owner.get_by_role("dialog")).to_have_count(0)
    assert owner.url == told.page


def test_showing_the_last_rows_leaves_the_keyboard_at_the_first_of_them(owner: Page, told: Told) -> None:
    website_id = add_website(told, "more.example", *(f"/{n:02}" for n in range(32)))
    for start in (32, 64, 96):
        events = [hit(website_id, f"/{n}") for n in range(start, start + 32)]
        owner.request.post(f"{told.server.url}/api/v1/collect", data=events, headers={"User-Agent": BROWSER})
    open_page(owner, f"{told.server.url}/?site={website_id}&period=today")
    panel(owner, "Pages").get_by_role("button", name="Details").click()
    dialog = owner.get_by_role("dialog")
    dialog.get_by_role("button", name="Show more").press("Enter")
    expect(dialog.locator("tbody tr")).to_have_count(128)
    expect(dialog.locator("tbody button").nth(100)).to_be_focused()


def test_a_filter_too_many_is_refused_in_words_and_takes_none_away(owner: Page, told: Told) -> None:
    held = "".join(f"&f=page:/{n}" for n in range(19))
    open_page(owner, f"{told.page}&f=page:/{held}&f=page:/20")
    assert len(chips(owner)) == 20
    address = owner.url
    owner.keyboard.press("/")
    owner.get_by_role("dialog").get_by_role("button", name="Direct", exact=True).click()
    dialog = owner.get_by_role("dialog", name="Filters")
    expect(dialog).to_contain_text("No more than 20 filters hold at once. Take one off first.")
    assert owner.url == address
    owner.keyboard.press("Escape")
    owner.get_by_role("button", name="Remove filter").first.click()
    settled(owner)
    assert len(chips(owner)) == 19
