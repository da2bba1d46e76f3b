"""GET /reports/flow."""

from tests.web.cast import Owner, Traffic, message


async def test_where_visits_begin_and_end(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/pricing", ip="192.0.2.1")
    await visit("/", "/blog", "/pricing", "/contact", ip="192.0.2.2")
    await visit("/blog", "/pricing", "scroll_25", "close_tab", ip="192.0.2.3")
    assert await owner.report("flow") == {
        "period": {"start": "2026-03-08", "end": "2026-03-14"},
        "landing_pages": [{"path": "/", "entries": 2}, {"path": "/blog", "entries": 1}],
        "exit_pages": [{"path": "/pricing", "exits": 2}, {"path": "/contact", "exits": 1}],
    }


async def test_a_visit_of_one_page_begins_and_ends_there(visit: Traffic, owner: Owner) -> None:
    await visit("/")
    flow = await owner.report("flow")
    assert flow["landing_pages"] == [{"path": "/", "entries": 1}]
    assert flow["exit_pages"] == [{"path": "/", "exits": 1}]


async def test_only_page_views_are_ends(visit: Traffic, owner: Owner) -> None:
    await visit("scroll_25", "/first", "/last", "signup", "close_tab")
    await visit("signup", ip="192.0.2.2")  # a visit without a page
    flow = await owner.report("flow")
    assert flow["landing_pages"] == [{"path": "/first", "entries": 1}]
    assert flow["exit_pages"] == [{"path": "/last", "exits": 1}]


async def test_paging_applies_to_both_lists(visit: Traffic, owner: Owner) -> None:
    for number in range(3):
        await visit(f"/in/{number}", f"/out/{number}", ip=f"192.0.2.{number}")
    flow = await owner.report("flow", page=2, per_page=2)
    assert flow["landing_pages"] == [{"path": "/in/2", "entries": 1}]
    assert flow["exit_pages"] == [{"path": "/out/2", "exits": 1}]


async def test_csv_has_the_landing_pages_unless_asked_for_the_exit_pages(
    visit: Traffic, owner: Owner
) -> None:
    await visit("/", "/out")
    assert await owner.csv("flow") == [["path", "entries"], ["/", "1"]]
    assert await owner.csv("flow", list="exit_pages") == [["path", "exits"], ["/out", "1"]]


async def test_an_unknown_list_is_a_400_that_names_the_known_ones(owner: Owner) -> None:
    response = await owner.get("flow", list="pages")
    assert response.status_code == 400
    assert message(response) == "list: must be one of landing_pages, exit_pages"
