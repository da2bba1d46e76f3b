"""GET /reports/devices."""

from tests.make import BROWSER
from tests.web.cast import FIREFOX, IPHONE, Owner, Traffic


async def test_four_lists_of_visits(visit: Traffic, owner: Owner) -> None:
    await visit("/", "/two", ip="192.0.2.1", agent=BROWSER, screen_width=1920)
    await visit("/", ip="192.0.2.2", agent=BROWSER, screen_width=1300)
    await visit("/", ip="192.0.2.3", agent=FIREFOX, screen_width=1200)
    await visit("/", ip="192.0.2.4", agent=IPHONE, screen_width=390)
    assert await owner.report("devices") == {
        "period": {"start": "2026-03-08", "end": "2026-03-14"},
        "device_types": [{"deviceType": "desktop", "visits": 3}, {"deviceType": "mobile", "visits": 1}],
        "browsers": [
            {"browserFamily": "Chrome", "visits": 2},
            {"browserFamily": "Firefox", "visits": 1},
            {"browserFamily": "Safari", "visits": 1},
        ],
        "os_families": [
            {"osFamily": "Windows", "visits": 2},
            {"osFamily": "Linux", "visits": 1},
            {"osFamily": "iOS", "visits": 1},
        ],
        "screen_resolutions": [
            {"bucket": "1025-1440", "visits": 2},
            {"bucket": "1441+", "visits": 1},
            {"bucket": "376-768", "visits": 1},
        ],
    }


async def test_it_is_not_paginated(visit: Traffic, owner: Owner) -> None:
    await visit("/", ip="192.0.2.1", agent=BROWSER)
    await visit("/", ip="192.0.2.2", agent=FIREFOX)
    devices = await owner.report("devices", page=2, per_page=1)
    assert devices.keys() == {"period", "device_types", "browsers", "os_families", "screen_resolutions"}
    assert len(devices["browsers"]) == 2


async def test_without_traffic_the_lists_are_empty(owner: Owner) -> None:
    devices = await owner.report("devices")
    assert [devices[name] for name in devices if name != "period"] == [[], [], [], []]


async def test_csv_has_the_device_types_unless_asked_for_another_list(visit: Traffic, owner: Owner) -> None:
    await visit("/", ip="192.0.2.1", agent=IPHONE)
    await visit("/", ip="192.0.2.2", agent=IPHONE)
    await visit("/", ip="192.0.2.3")
    assert await owner.csv("devices") == [["deviceType", "visits"], ["mobile", "2"], ["desktop", "1"]]
    assert await owner.csv("devices", list="browsers") == [
        ["browserFamily", "visits"],
        ["Safari", "2"],
        ["Chrome", "1"],
    ]
    assert (await owner.csv("devices", list="os_families"))[0] == ["osFamily", "visits"]
    assert (await owner.csv("devices", list="screen_resolutions"))[1:] == [["unknown", "3"]]


async def test_an_unknown_list_is_a_400_whatever_the_format(owner: Owner) -> None:
    assert (await owner.get("devices", list="tastes")).status_code == 400
