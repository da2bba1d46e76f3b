"""GET /reports/countries; tests/web/test_collect_who.py has whose word is taken for a country."""

from tests.web.cast import Owner, Traffic


async def test_visits_by_country_where_it_is_known(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/two", ip="192.0.2.1", country="DE")
    await visit("/", ip="192.0.2.2", country="de")
    await visit("/", ip="192.0.2.3", country="AT")
    await visit("/", ip="192.0.2.4", country="XX")
    assert await owner.report("countries") == {
        "period": {"start": "2026-03-08", "end": "2026-03-14"},
        "page": 1,
        "per_page": 50,
        "rows": [{"country": "DE", "visits": 2}, {"country": "AT", "visits": 1}],
    }


async def test_csv(visit: Traffic, owner: Owner) -> None:
    await visit("/", country="DE")
    assert await owner.csv("countries") == [["country", "visits"], ["DE", "1"]]
