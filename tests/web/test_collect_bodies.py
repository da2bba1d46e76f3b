"""What a body may hold: several events at once, and properties of every shape."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.make import hit
from tests.web.cast import COLLECT, GOOGLEBOT, UNKNOWN, Owner, Traffic, code, message


def page_of(website: str, **fields: Any) -> str:
    """The body's start, for tests that write JSON by hand: all but the closing brace."""
    start = f'{{"website_id":"{website}","event_type":"page_view","url":"https://example.com/","path":"/"'
    return start + "".join(f',"{name}":{value}' for name, value in fields.items())


@pytest.mark.parametrize("size", [1, 2, 32])
async def test_an_array_of_up_to_32_events_is_stored(
    client: AsyncClient, website: str, owner: Owner, size: int
) -> None:
    response = await client.post(COLLECT, json=[hit(website, f"/{number}") for number in range(size)])
    assert response.status_code == 202
    assert response.text == '{"status":"accepted"}'
    assert await owner.metrics() == {
        "visits": 1,
        "unique_visitors": 1,
        "pageviews": size,
        "bounce_rate": 100.0 if size == 1 else 0.0,
        "avg_session_duration_sec": 0,
    }


async def test_the_events_of_an_array_keep_their_order(
    client: AsyncClient, website: str, owner: Owner
) -> None:
    await client.post(COLLECT, json=[hit(website, path) for path in ("/z", "/m", "/a")])
    flow = await owner.report("flow")
    assert flow["landing_pages"] == [{"path": "/z", "entries": 1}]
    assert flow["exit_pages"] == [{"path": "/a", "exits": 1}]


@pytest.mark.parametrize("bad", [{}, 7, None, [], {"path": 7}], ids=repr)
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_one_malformed_event_spoils_the_array_and_nothing_is_stored(
    client: AsyncClient, website: str, owner: Owner, place: int, bad: Any
) -> None:
    events: list[Any] = [hit(website), hit(website)]
    events.insert(place, hit(website) | bad if bad == {"path": 7} else bad)

    response = await client.post(COLLECT, json=events)

    assert response.status_code == 400
    assert code(response) == "INVALID_PAYLOAD"
    assert (await owner.metrics())["pageviews"] == 0


async def test_a_path_without_a_slash_is_named(client: AsyncClient, website: str, owner: Owner) -> None:
    one = await client.post(COLLECT, json=hit(website, path="no-slash"))
    assert (one.status_code, message(one)) == (400, "path: must begin with /")
    second = await client.post(COLLECT, json=[hit(website), hit(website, path="")])
    assert (second.status_code, message(second)) == (400, "[1].path: must begin with /")
    assert await owner.rows("pages") == []


async def test_the_malformed_field_of_an_array_is_named(client: AsyncClient, website: str) -> None:
    response = await client.post(COLLECT, json=[hit(website), hit(website, url=None)])
    assert "url is required" in message(response)


@pytest.mark.parametrize("size", [0, 33])
async def test_an_array_of_none_or_too_many_is_a_400(
    client: AsyncClient, website: str, owner: Owner, size: int
) -> None:
    response = await client.post(COLLECT, json=[hit(website)] * size)
    assert response.status_code == 400
    assert code(response) == "INVALID_PAYLOAD"
    assert (await owner.metrics())["pageviews"] == 0


async def test_an_array_is_accepted_if_any_of_it_is(client: AsyncClient, website: str, owner: Owner) -> None:
    response = await client.post(COLLECT, json=[hit(UNKNOWN), hit(website), hit("no uuid")])
    assert response.status_code == 202
    assert (await owner.metrics())["pageviews"] == 1


async def test_an_array_of_dropped_events_is_a_204(client: AsyncClient, website: str) -> None:
    response = await client.post(COLLECT, json=[hit(UNKNOWN), hit("no uuid")])
    assert response.status_code == 204
    assert response.content == b""


async def test_an_array_of_a_bots_events_is_a_204(client: AsyncClient, website: str, owner: Owner) -> None:
    response = await client.post(COLLECT, json=[hit(website)] * 3, headers={"user-agent": GOOGLEBOT})
    assert response.status_code == 204
    assert (await owner.metrics(include_bots="true"))["pageviews"] == 3


PROPERTIES = [
    # what they are            as sent
    ("empty", "{}"),
    ("NUL", r'{"a\u0000b":"c\u0000d"}'),
    ("deeply nested", '{"a":' + "[" * 500 + "]" * 500 + "}"),
    ("a huge number", '{"n":123456789012345678901234567890}'),
    ("a very huge number", '{"n":' + "9" * 4000 + "}"),
    ("a tiny number", '{"n":1e-999}'),
    ("an emoji as a pair of surrogates", r'{"a":"\ud83d\ude00"}'),
    ("a key twice", '{"a":1,"a":2}'),
    ("null", '{"a":null}'),
    ("quotes and statements", '{"a\'b":"\'; drop table events; --"}'),
]


@pytest.mark.parametrize(("name", "properties"), PROPERTIES, ids=[row[0] for row in PROPERTIES])
async def test_odd_properties_are_stored_all_the_same(
    client: AsyncClient, website: str, owner: Owner, name: str, properties: str
) -> None:
    response = await client.post(COLLECT, content=page_of(website, properties=properties) + "}")
    assert response.status_code == 202, response.text
    assert (await owner.metrics())["pageviews"] == 1


ZEROS = [
    # properties as sent                      as shown
    (r'{"k":"v\u0000w"}', [("k", "vw")]),
    (r'{"a\u0000\u0000b":"\u0000"}', [("ab", "")]),
    (r'{"k":"\\u0000"}', [("k", r"\u0000")]),  # a backslash, and five characters
    (r'{"k":"\\\u0000w"}', [("k", r"\w")]),
]


@pytest.mark.parametrize(("properties", "shown"), ZEROS)
async def test_zero_characters_are_left_out_so_that_no_value_is_cut_short(
    client: AsyncClient, website: str, owner: Owner, properties: str, shown: list[tuple[str, str]]
) -> None:
    sent = page_of(website, properties=properties).replace('"page_view"', '"save"') + "}"
    assert (await client.post(COLLECT, content=sent)).status_code == 202
    rows = await owner.rows("event-properties")
    assert [(row["property"], row["value"]) for row in rows] == shown


HALVES = [
    # properties as sent                      as shown
    (r'{"k":"v\ud83d"}', [("k", "v\ufffd")]),
    (r'{"\uDE00k":"v"}', [("\ufffdk", "v")]),
    (r'{"k":"\ud83d\ud83d\ude00\ude00"}', [("k", "\ufffd\U0001f600\ufffd")]),
    (r'{"k":"\ud83d\u0041"}', [("k", "\ufffdA")]),
    (r'{"k":"\\ud83d"}', [("k", r"\ud83d")]),  # a backslash, and five characters
    (r'{"k":"\\\ud83d"}', [("k", "\\\ufffd")]),
]


@pytest.mark.parametrize(("properties", "shown"), HALVES)
async def test_half_an_emoji_is_no_reason_to_lose_what_a_beacon_holds(
    client: AsyncClient, website: str, owner: Owner, properties: str, shown: list[tuple[str, str]]
) -> None:
    sent = page_of(website, properties=properties).replace('"page_view"', '"save"') + "}"
    assert (await client.post(COLLECT, content=f"[{page_of(website)}}},{sent}]")).status_code == 202
    assert (await owner.metrics())["pageviews"] == 1
    rows = await owner.rows("event-properties")
    assert [(row["property"], row["value"]) for row in rows] == shown


async def test_campaigns_that_differ_past_a_zero_character_are_two(visit: Traffic, owner: Owner) -> None:
    await visit("/", ip="192.0.2.1", url="https://example.com/?utm_source=news%00a")
    await visit("/", ip="192.0.2.2", utm_source="news\0b")
    rows = await owner.rows("sources", group_by="utm")
    assert [row["utmSource"] for row in rows] == ["newsa", "newsb"]


NESTED = [
    # properties                                                          status
    ('{"a":' + "[" * 510 + "]" * 510 + "}", 202),
    ('{"a":' + "[" * 511 + "]" * 511 + "}", 400),
    ('{"a":' + "[" * 5000 + "]" * 5000 + "}", 400),
    ('{"a":' + "[" * 5000, 400),
    ('{"a":' + '{"b":' * 2000 + "1" + "}" * 2001, 400),
    ('{"a":[' + "[]," * 2000 + "[]]}", 202),  # side by side
    ('{"a":"' + "[" * 5000 + '"}', 202),  # within a string
    (r'{"a":"\"' + "[" * 5000 + '"}', 202),
    (r'{"a":"\\","b":' + "[" * 5000 + "]" * 5000 + "}", 400),  # after one
]


@pytest.mark.parametrize(("properties", "status"), NESTED)
async def test_a_body_is_nested_512_levels_deep_at_most(
    client: AsyncClient, website: str, properties: str, status: int
) -> None:
    response = await client.post(COLLECT, content=page_of(website, properties=properties) + "}")
    assert response.status_code == status
    if status == 400:
        assert message(response) == "body: is nested more than 512 levels deep"


NOT_JSON = [
    ("half a surrogate's escape", r'{"a":"\ud80"}'),
    ("a surrogate's escape that is none", r'{"a":"\ud8xx"}'),
    ("a number past all numbers", '{"n":1e999}'),
    ("NaN", '{"n":NaN}'),
    ("Infinity", '{"n":-Infinity}'),
]


@pytest.mark.parametrize(("name", "properties"), NOT_JSON, ids=[row[0] for row in NOT_JSON])
async def test_what_no_json_can_hold_is_a_400(
    client: AsyncClient, website: str, owner: Owner, name: str, properties: str
) -> None:
    response = await client.post(COLLECT, content=page_of(website, properties=properties) + "}")
    assert response.status_code == 400
    assert code(response) == "INVALID_PAYLOAD"
    assert (await owner.metrics())["pageviews"] == 0


@pytest.mark.parametrize("field", ["path", "url", "referrer", "event_type", "utm_source", "website_id"])
@pytest.mark.parametrize("text", [r"/\u0000", r"/\ud83d\ude00", "/" + "x" * 3000, r"/'\"; --"])
async def test_odd_text_is_never_an_error_of_ours(
    client: AsyncClient, website: str, owner: Owner, field: str, text: str
) -> None:
    response = await client.post(COLLECT, content=page_of(website, **{field: f'"{text}"'}) + "}")
    too_long = field == "event_type" and len(text) > 200
    assert response.status_code == (400 if too_long else 204 if field == "website_id" else 202), response.text
    assert (await owner.metrics())["visits"] == (0 if response.status_code != 202 else 1)


async def test_filters_find_paths_and_names_that_had_zero_characters(visit: Traffic, owner: Owner) -> None:
    await visit("/a\0b", "sign\0up")
    await visit("custom", properties={"event_name": "\0", "name": "play\0"})
    assert [row["path"] for row in await owner.rows("pages")] == ["/ab"]
    assert [row["name"] for row in await owner.rows("custom-events")] == ["play", "signup"]
    assert await owner.rows("event-properties") == [{"property": "event_name", "value": "", "count": 1}]
    for found in ("page:/ab", "event:signup", "event:play"):
        assert (await owner.metrics(**{"filters[]": found}))["visits"] == 1


@pytest.mark.parametrize("width", ["1e999", "-1", "0", "1e308", "123456789012345678901234567890"])
async def test_an_odd_width_is_refused_or_put_into_a_bucket(
    client: AsyncClient, website: str, owner: Owner, width: str
) -> None:
    response = await client.post(COLLECT, content=page_of(website, screen_width=width) + "}")
    if width == "1e999":
        assert response.status_code == 400
        return
    assert response.status_code == 202
    [screen] = (await owner.report("devices"))["screen_resolutions"]
    assert screen["bucket"] == ("320-375" if width in ("-1", "0") else "1441+")
