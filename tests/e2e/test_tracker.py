"""What tracker.js sends, seen from the other end of the wire: a real Chromium, a recording server."""

import gzip
import json
import socket
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from tests.e2e.conftest import NOT_AUTOMATED, USER_AGENT, Launch, OpenUnautomated
from tests.e2e.recorder import TRACKER, WEBSITE, Recorder, Sent

# Playwright keeps its pages visible, so hiding one is acted out. The real thing is in the tests of
# background tabs and prerendering, which run without Playwright.
HIDE = """hidden => {
    const state = hidden ? "hidden" : "visible"
    Object.defineProperty(document, "hidden", {value: hidden, configurable: true})
    Object.defineProperty(document, "visibilityState", {value: state, configurable: true})
    document.dispatchEvent(new Event("visibilitychange", {bubbles: true}))
}"""
MIDDLE_CLICK = """
    document.getElementById("outside").dispatchEvent(new MouseEvent("auxclick", {button: 1, bubbles: true}))
"""
TRACK = "([name, props]) => analytics.track(name, props)"
SCROLL = """share => new Promise(done => {
    addEventListener("scroll", () => requestAnimationFrame(done), {once: true})
    scrollTo(0, document.documentElement.scrollHeight * share - innerHeight)
})"""


def open_and_be_seen(page: Page, recorder: Recorder) -> None:
    """Open the first page, and let its page view arrive: two requests may overtake each other."""
    page.goto(recorder.url("/"))
    recorder.wait_for(1)


def hide(page: Page) -> None:
    page.evaluate(HIDE, True)


def show(page: Page) -> None:
    page.evaluate(HIDE, False)


def do_everything(page: Page) -> None:
    """All a visitor can do that is ever sent."""
    page.evaluate(TRACK, ["signup", {"plan": "pro"}])
    page.evaluate(SCROLL, 1)
    page.evaluate(MIDDLE_CLICK)
    page.evaluate("history.pushState({}, '', '/next')")
    hide(page)
    show(page)


EVERYTHING = (
    "page_view",
    "custom",
    "scroll_25",
    "scroll_50",
    "scroll_75",
    "outbound_link",
    "page_view",
    "close_tab",
)


# --- what is sent, and when


def test_a_page_view_is_sent_at_once_and_the_rest_in_one_beacon_as_the_page_is_left(
    page: Page, recorder: Recorder
) -> None:
    page.goto(recorder.url("/post?utm_source=news"))
    [view] = recorder.wait_for(1)
    assert view.events == [
        {
            "website_id": WEBSITE,
            "event_type": "page_view",
            "url": recorder.url("/post?utm_source=news"),
            "path": "/post",
            "referrer": "",
            "screen_width": 1280,
            "screen_height": 720,
        }
    ]
    page.evaluate(SCROLL, 0.6)
    page.evaluate(TRACK, ["signup", {"plan": "pro"}])
    recorder.settle(page)
    recorder.wait_for(1)

    recorder.pages["/away"] = "no tracker here"
    page.goto(recorder.url("/away"))

    [_, rest] = recorder.wait_for(2)
    assert rest.types == ["scroll_25", "scroll_50", "custom", "close_tab"]
    assert {event["path"] for event in rest.events} == {"/post"}
    recorder.settle(page)
    recorder.wait_for(2)


def test_closing_the_tab_sends_the_rest(page: Page, recorder: Recorder) -> None:
    page.goto(recorder.url("/"))
    recorder.wait_for(1)

    page.close()

    assert recorder.wait_for(2)[1].types == ["close_tab"]


def test_the_page_view_does_not_wait_for_images(page: Page, recorder: Recorder) -> None:
    recorder.pages["/slow"] = f"<!doctype html>{recorder.snippet}<img src='/wait'>"
    page.goto(recorder.url("/slow"), wait_until="commit")
    recorder.wait_for_types("page_view")
    assert not recorder.released.is_set()


def test_a_request_is_a_simple_one_so_no_preflight_is_sent(page: Page, recorder: Recorder) -> None:
    page.goto(recorder.url("/"))
    do_everything(page)
    recorder.wait_for_types(*EVERYTHING)
    for request in recorder.sent:
        assert request.method == "POST"
        assert request.headers["content-type"] == "text/plain;charset=UTF-8"
        assert request.headers["origin"] == recorder.url("")


def test_the_referrer_is_the_page_one_came_from(page: Page, recorder: Recorder) -> None:
    recorder.pages["/links"] = "<a href='/post'>post</a>"
    page.goto(recorder.url("/links"))
    page.click("a")
    [view] = recorder.wait_for_types("page_view")
    assert view["referrer"] == recorder.url("/links")


@pytest.mark.parametrize("prefix", ["", "/stats-app", "/a/b"])
def test_the_endpoint_lies_beside_the_script(page: Page, recorder: Recorder, prefix: str) -> None:
    recorder.prefix = prefix
    page.goto(recorder.url("/"))
    [view] = recorder.wait_for(1)
    assert view.path == f"{prefix}/api/v1/collect"


def test_a_script_address_with_a_version_finds_the_endpoint_too(page: Page, recorder: Recorder) -> None:
    recorder.pages["/"] = recorder.snippet.replace("tracker.js", "tracker.js?v=/2")
    page.goto(recorder.url("/"))
    [view] = recorder.wait_for(1)
    assert view.path == "/api/v1/collect"


@pytest.mark.parametrize("loading", ["", "async"])
def test_it_works_without_defer(page: Page, recorder: Recorder, loading: str) -> None:
    recorder.pages["/"] = recorder.snippet.replace("defer", loading)
    page.goto(recorder.url("/"))
    recorder.wait_for_types("page_view")


# --- hiding and coming back


def test_close_tab_is_sent_once_a_page_view_and_nothing_where_nothing_happened_since(
    page: Page, recorder: Recorder
) -> None:
    page.goto(recorder.url("/"))
    for _ in range(3):
        hide(page)
        show(page)
    recorder.settle(page)
    recorder.wait_for_types("page_view", "close_tab")

    page.evaluate(TRACK, ["back again", {}])
    hide(page)

    assert recorder.wait_for(3)[2].types == ["custom"]


def test_a_tab_opened_in_the_background_counts_when_it_is_first_shown(
    recorder: Recorder, open_unautomated: OpenUnautomated
) -> None:
    """A second tab comes to the front; the first, hidden, goes on to the tracked page; the second closes."""
    recorder.pages["/start"] = """<script>
        addEventListener("visibilitychange", () => location = "/behind")
        open("/front")
    </script>"""
    recorder.pages["/front"] = "<script>fetch('/wait').then(() => close())</script>"
    recorder.pages["/behind"] = f"""<!doctype html>{recorder.snippet}
        <script>
            onload = () => {{ analytics.track("early"); fetch("/mark/" + document.visibilityState) }}
        </script>"""
    with open_unautomated(recorder.url("/start")):
        recorder.wait_until(lambda: "/mark/hidden" in recorder.marks)
        assert recorder.sent == []
        recorder.released.set()
        [early, view] = recorder.wait_for_types("custom", "page_view")
    assert early["path"] == view["path"] == "/behind"


def test_a_prerendered_page_counts_when_it_is_opened(
    recorder: Recorder, open_unautomated: OpenUnautomated
) -> None:
    recorder.pages["/start"] = """<!doctype html>
        <script type="speculationrules">
            {"prerender": [{"urls": ["/next"], "eagerness": "immediate"}]}
        </script>
        <script>fetch("/wait").then(() => location = "/next")</script>"""
    recorder.pages["/next"] = f"""<!doctype html>{recorder.snippet}
        <script>onload = () => fetch("/mark/prerendering-" + document.prerendering)</script>"""
    with open_unautomated(recorder.url("/start")):
        recorder.wait_until(lambda: "/mark/prerendering-true" in recorder.marks)
        assert recorder.sent == []
        recorder.released.set()
        recorder.wait_for_types("page_view")
    assert recorder.marks == ["/mark/prerendering-true"]  # opened, not loaded anew


def test_a_page_left_before_it_was_shown_never_was(page: Page, recorder: Recorder) -> None:
    page.add_init_script("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.goto(recorder.url("/"))
    page.evaluate(TRACK, ["unseen", {}])
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    recorder.settle(page)
    recorder.wait_for(0)


def test_a_page_brought_back_from_the_back_forward_cache_is_a_new_page_view(
    launch: Launch, recorder: Recorder
) -> None:
    """Really brought back: Playwright switches that cache off; this browser starts without its flag."""
    recorder.pages["/one"] = f"""<!doctype html>{recorder.snippet}
        <script>addEventListener("pageshow", event => fetch("/mark/persisted-" + event.persisted))</script>"""
    browser = launch(NOT_AUTOMATED, without=["--disable-back-forward-cache"])
    try:
        page = browser.new_page(user_agent=USER_AGENT)
        page.goto(recorder.url("/one"))
        recorder.wait_for(1)
        page.goto(recorder.url("/two"))
        recorder.wait_for_types("page_view", "close_tab", "page_view")
        page.evaluate("setTimeout(() => history.back())")
        recorder.wait_until(lambda: "/mark/persisted-true" in recorder.marks)
        events = recorder.wait_for_types("page_view", "close_tab", "page_view", "close_tab", "page_view")
    finally:
        browser.close()
    assert [event["path"] for event in events if event["event_type"] == "page_view"] == [
        "/one",
        "/two",
        "/one",
    ]


def test_a_page_brought_back_gives_its_marks_and_its_close_anew(page: Page, recorder: Recorder) -> None:
    page.goto(recorder.url("/"))
    page.evaluate(SCROLL, 0.3)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.evaluate(SCROLL, 0.4)
    hide(page)
    recorder.wait_for_types(*["page_view", "scroll_25", "close_tab"] * 2)


# --- scrolling


def test_each_scroll_mark_is_sent_once(page: Page, recorder: Recorder) -> None:
    open_and_be_seen(page, recorder)
    for share in (0.26, 0.2, 0.3, 0.51, 0.3, 0.76, 0.1, 1):
        page.evaluate(SCROLL, share)
    hide(page)
    assert recorder.wait_for(2)[1].types == ["scroll_25", "scroll_50", "scroll_75", "close_tab"]


def test_a_mark_is_not_sent_before_it_is_reached(page: Page, recorder: Recorder) -> None:
    open_and_be_seen(page, recorder)
    page.evaluate(SCROLL, 0.24)
    hide(page)
    assert recorder.wait_for(2)[1].types == ["close_tab"]


def test_a_jump_to_the_end_passes_every_mark(page: Page, recorder: Recorder) -> None:
    open_and_be_seen(page, recorder)
    page.evaluate(SCROLL, 1)
    hide(page)
    assert recorder.wait_for(2)[1].types == ["scroll_25", "scroll_50", "scroll_75", "close_tab"]


# --- outbound links


def test_a_click_on_an_outbound_link_is_recorded_and_goes_its_way(page: Page, recorder: Recorder) -> None:
    open_and_be_seen(page, recorder)
    recorder.pages["/landing"] = "arrived"

    page.click("#outside b")
    page.wait_for_url("**/landing**")

    rest = recorder.wait_for(2)[1]
    assert rest.types == ["outbound_link", "close_tab"]
    assert rest.events[0]["properties"] == {"url": recorder.url("/landing", "other.example")}
    assert rest.events[0]["path"] == "/"


def test_a_click_is_not_delayed(page: Page, recorder: Recorder) -> None:
    page.goto(recorder.url("/"))
    prevented = """() => new Promise(done => {
        addEventListener("click", event => { done(event.defaultPrevented); event.preventDefault() })
        document.getElementById("outside").click()
    })"""
    assert page.evaluate(prevented) is False


@pytest.mark.parametrize("button", ["left", "middle"])
def test_a_link_that_opens_a_new_tab_is_recorded(
    page: Page, context: BrowserContext, recorder: Recorder, button: Any
) -> None:
    recorder.pages["/landing"] = "arrived"
    page.goto(recorder.url("/"))
    with context.expect_page():
        page.click("#tab", button=button)
    hide(page)
    recorder.wait_for_types("page_view", "outbound_link", "close_tab")


def test_a_page_that_stops_the_click_from_bubbling_hides_nothing(page: Page, recorder: Recorder) -> None:
    page.goto(recorder.url("/"))
    page.evaluate("document.body.addEventListener('click', e => { e.stopPropagation(); e.preventDefault() })")
    page.click("#outside")
    hide(page)
    recorder.wait_for_types("page_view", "outbound_link", "close_tab")


def test_other_clicks_are_not_recorded(page: Page, recorder: Recorder) -> None:
    page.goto(recorder.url("/"))
    page.evaluate("document.body.addEventListener('click', event => event.preventDefault())")
    for link in ("#inside", "#nowhere", "#mail", "body"):
        page.click(link)
    page.click("#outside", button="right")
    page.evaluate("document.dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    hide(page)
    recorder.wait_for_types("page_view", "close_tab")


# --- custom events


def test_a_custom_event_carries_its_name_and_properties(page: Page, recorder: Recorder) -> None:
    open_and_be_seen(page, recorder)
    page.evaluate(TRACK, ["signup", {"plan": "pro", "cart": {"items": [1, 2]}, "event_name": "not this"}])
    page.evaluate("analytics.track('bare')")
    page.evaluate("analytics.track('null', null)")
    hide(page)
    events = recorder.wait_for(2)[1].events
    assert [event.get("properties") for event in events] == [
        {"plan": "pro", "cart": {"items": [1, 2]}, "event_name": "signup"},
        {"event_name": "bare"},
        {"event_name": "null"},
        None,
    ]


def test_properties_are_those_of_the_moment_of_the_call(page: Page, recorder: Recorder) -> None:
    open_and_be_seen(page, recorder)
    page.evaluate("const cart = {items: 1}; analytics.track('cart', cart); cart.items = 2")
    hide(page)
    assert recorder.wait_for(2)[1].events[0]["properties"]["items"] == 1


@pytest.mark.parametrize(
    "call",
    [
        "const loop = {}; loop.self = loop; analytics.track('loop', loop)",
        "analytics.track('big', {n: 10n})",
        "analytics.track('getter', {get boom() { throw Error('boom') }})",
        "analytics.track('proxy', new Proxy({}, {ownKeys() { throw Error('boom') }}))",
    ],
)
def test_properties_that_are_no_json_lose_their_event_and_nothing_else(
    page: Page, recorder: Recorder, call: str
) -> None:
    page.goto(recorder.url("/"))
    page.evaluate(call)
    page.evaluate(TRACK, ["fine", {}])
    hide(page)
    recorder.wait_for_types("page_view", "custom", "close_tab")


@pytest.mark.parametrize("arguments", ["", "null, 7", "Symbol('s'), 'text'", "{}, [1]", "() => 0, () => 0"])
def test_odd_arguments_still_make_properties_an_object(
    page: Page, recorder: Recorder, arguments: str
) -> None:
    page.goto(recorder.url("/"))
    page.evaluate(f"analytics.track({arguments})")
    hide(page)
    [_, custom, _] = recorder.wait_for_types("page_view", "custom", "close_tab")
    assert isinstance(custom["properties"], dict)


def test_a_beacon_stays_within_what_the_server_takes(page: Page, recorder: Recorder) -> None:
    """At most 32 events and 16 KiB, be the events many and tiny, or few and long."""
    # The browser itself holds no more than 64 KiB of beacons under way, and refuses the rest.
    recorder.pages["/"] = recorder.snippet
    page.goto(recorder.url("/"))
    page.evaluate("for (let i = 0; i < 100; i++) analytics.track()")
    page.evaluate("for (let i = 0; i < 5; i++) analytics.track('long', {text: '語'.repeat(1500)})")
    hide(page)
    recorder.wait_for_types("page_view", *["custom"] * 105, "close_tab")
    for request in recorder.sent:
        assert len(request.events) <= 32
        assert len(request.body.encode()) <= 16 * 1024


# --- pages without a load


def test_a_push_to_another_path_is_a_page_view_with_the_previous_page_as_referrer(
    page: Page, recorder: Recorder
) -> None:
    page.goto(recorder.url("/one?a=1"))
    recorder.wait_for(1)
    page.evaluate("history.pushState({}, '', '/two?b=2')")
    [_, view] = recorder.wait_for_types("page_view", "page_view")
    assert (view["url"], view["path"]) == (recorder.url("/two?b=2"), "/two")
    assert view["referrer"] == recorder.url("/one?a=1")


def test_replacing_the_path_and_going_back_count_too(page: Page, recorder: Recorder) -> None:
    page.goto(recorder.url("/one"))
    recorder.wait_for(1)
    steps = ("history.pushState({}, '', '/two')", "history.replaceState({}, '', '/three')", "history.back()")
    for sent, step in enumerate(steps, start=2):
        page.evaluate(step)
        recorder.wait_for(sent)
    assert [event["path"] for event in recorder.events] == ["/one", "/two", "/three", "/one"]
    assert recorder.events[-1]["referrer"] == recorder.url("/three")


def test_a_change_of_query_or_hash_alone_does_not_count(page: Page, recorder: Recorder) -> None:
    page.goto(recorder.url("/one"))
    page.evaluate("history.pushState({}, '', '?page=2')")
    page.evaluate("history.replaceState({}, '', '?page=3')")
    page.evaluate("history.pushState({}, '', '/one#top')")
    page.evaluate("""() => new Promise(done => {
        addEventListener("popstate", done, {once: true})
        history.back()
    })""")
    page.evaluate("location.hash = 'end'")
    recorder.settle(page)
    recorder.wait_for_types("page_view")


def test_events_keep_the_page_they_happened_on_and_marks_begin_anew(page: Page, recorder: Recorder) -> None:
    page.goto(recorder.url("/one"))
    recorder.wait_for(1)  # beacons may overtake each other
    page.evaluate(SCROLL, 0.3)
    page.evaluate(TRACK, ["signup", {}])
    page.evaluate("history.pushState({}, '', '/two')")
    recorder.wait_for(2)
    page.evaluate(SCROLL, 0.4)
    hide(page)
    recorder.wait_for(3)
    assert [(event["event_type"], event["path"]) for event in recorder.events] == [
        ("page_view", "/one"),
        ("scroll_25", "/one"),
        ("custom", "/one"),
        ("page_view", "/two"),
        ("scroll_25", "/two"),
        ("close_tab", "/two"),
    ]


def test_push_state_does_for_the_page_what_it_always_did(page: Page, recorder: Recorder) -> None:
    page.add_init_script("""
        const original = history.pushState
        history.pushState = function (...args) { original.apply(this, args); return "the page's own" }
    """)
    page.goto(recorder.url("/one"))
    assert page.evaluate("history.pushState({n: 1}, '', '/two')") == "the page's own"
    assert page.evaluate("[location.pathname, history.state.n, history.length]") == ["/two", 1, 3]
    refused = (
        "() => { try { history.pushState({}, '', 'https://other.example/') } catch (e) { return e.name } }"
    )
    assert page.evaluate(refused) == "SecurityError"
    recorder.settle(page)
    recorder.wait_for_types("page_view", "page_view")


# --- silence


def test_everything_is_sent_where_nothing_forbids_it(page: Page, recorder: Recorder) -> None:
    """The tests of silence below do the same, and see none of it."""
    page.goto(recorder.url("/"))
    do_everything(page)
    recorder.settle(page)
    recorder.wait_for_types(*EVERYTHING)


def test_an_automated_browser_sends_nothing(launch: Launch, recorder: Recorder) -> None:
    browser = launch()
    try:
        page = browser.new_page(user_agent=USER_AGENT)
        page.goto(recorder.url("/"))
        assert page.evaluate("navigator.webdriver") is True
        do_everything(page)
        recorder.settle(page)
        recorder.wait_for(0)
    finally:
        browser.close()


SIGNALS = [
    ("doNotTrack", '"1"'),
    ("globalPrivacyControl", "true"),
]


@pytest.mark.parametrize(("name", "value"), SIGNALS, ids=[name for name, _ in SIGNALS])
@pytest.mark.parametrize("respected", [True, False], ids=["respected", "not respected"])
def test_privacy_signals_are_respected_where_the_snippet_says_so(
    page: Page, recorder: Recorder, name: str, value: str, respected: bool
) -> None:
    page.add_init_script(f"Object.defineProperty(navigator, '{name}', {{value: {value}}})")
    recorder.attributes = "data-respect-dnt" if respected else ""
    page.goto(recorder.url("/"))
    do_everything(page)
    recorder.settle(page)
    recorder.wait_for_types(*(() if respected else EVERYTHING))


def test_without_a_signal_there_is_nothing_to_respect(page: Page, recorder: Recorder) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'doNotTrack', {value: '0'})")
    recorder.attributes = "data-respect-dnt"
    page.goto(recorder.url("/"))
    recorder.wait_for_types("page_view")


LOCAL = ["localhost", "blog.localhost", "127.0.0.1", "127.8.8.8", "[::1]", "mac.local"]
PUBLIC = [
    "blog.example",
    "localhost.example",
    "mylocalhost",
    "127x.example",
    "[2001:db8::1]",
    "local.example",
]


@pytest.mark.parametrize(
    ("host", "attributes", "counted"),
    [(host, "", False) for host in LOCAL]
    + [(host, "data-local", True) for host in LOCAL]
    + [(host, "", True) for host in PUBLIC],
)
def test_local_addresses_are_silent_unless_the_snippet_asks_for_them(
    page: Page, recorder: Recorder, host: str, attributes: str, counted: bool
) -> None:
    recorder.attributes = attributes

    def answer(route: Route) -> None:
        """No such host exists; and Chromium keeps what it takes for a foreign page off this machine."""
        request = route.request
        if request.url.endswith("/js/tracker.js"):
            route.fulfill(body=TRACKER.read_text(), content_type="text/javascript")
        elif request.url.endswith("/api/v1/collect"):
            recorder.record(Sent(request.method, "", {}, request.post_data or ""))
            route.fulfill(status=202)
        elif request.is_navigation_request():
            route.fulfill(body=recorder.html("/"), content_type="text/html")
        else:
            route.fulfill(status=204)

    page.route("**/*", answer)
    page.goto(f"http://{host}/")
    do_everything(page)
    recorder.settle(page)
    recorder.wait_for_types(*(EVERYTHING if counted else ()))


@pytest.mark.parametrize(("attributes", "counted"), [("", False), ("data-local", True)])
def test_a_file_is_silent_unless_the_snippet_asks_for_it(
    page: Page, recorder: Recorder, tmp_path: Any, attributes: str, counted: bool
) -> None:
    recorder.attributes = attributes
    (tmp_path / "page.html").write_text(recorder.html("/"))
    page.goto((tmp_path / "page.html").as_uri())
    page.evaluate(TRACK, ["signup", {}])
    hide(page)
    recorder.settle(page)
    recorder.wait_for_types(*(("page_view", "custom", "close_tab") if counted else ()))


# --- a guest in somebody's page


@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_refusal_is_neither_seen_nor_tried_again(page: Page, recorder: Recorder, status: int) -> None:
    recorder.status = status
    page.goto(recorder.url("/"))
    do_everything(page)
    recorder.settle(page)
    recorder.wait_for_types(*EVERYTHING)  # and no page threw: the context fixture looks


def test_a_server_that_is_down_is_not_seen(page: Page, recorder: Recorder) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken, so that no other test gets it; nobody listens
        port = closed.getsockname()[1]
        src = f"http://stats.example:{port}/js/tracker.js"
        page.route(src, lambda route: route.fulfill(body=TRACKER.read_text(), content_type="text/javascript"))
        failed: list[str] = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        recorder.pages["/"] = recorder.html("/").replace(
            recorder.snippet, f'<script defer data-id src="{src}"></script>'
        )
        page.goto(recorder.url("/"))
        do_everything(page)
        recorder.settle(page)
    assert set(failed) == {f"http://stats.example:{port}/api/v1/collect"}


@pytest.mark.parametrize(
    "broken",
    ["navigator.sendBeacon = () => { throw Error('blocked') }", "navigator.sendBeacon = undefined"],
    ids=["throws", "is missing"],
)
def test_a_beacon_that_is_blocked_is_not_seen(page: Page, recorder: Recorder, broken: str) -> None:
    page.add_init_script(broken)
    page.goto(recorder.url("/"))
    do_everything(page)
    recorder.settle(page)
    recorder.wait_for(0)


def test_a_content_security_policy_that_forbids_sending_is_not_seen(page: Page, recorder: Recorder) -> None:
    forbids = "<meta http-equiv='Content-Security-Policy' content=\"connect-src 'none'\">"
    recorder.pages["/"] = recorder.html("/").replace("<title>", f"{forbids}<title>")
    page.goto(recorder.url("/"))
    do_everything(page)
    recorder.wait_for(0)


def test_no_cookie_and_no_storage(page: Page, context: BrowserContext, recorder: Recorder) -> None:
    page.goto(recorder.url("/"))
    do_everything(page)
    recorder.wait_for_types(*EVERYTHING)
    assert context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert page.evaluate("indexedDB.databases().then(found => found.length)") == 0
    assert all("cookie" not in request.headers for request in recorder.sent)


def test_the_page_gets_one_global_and_no_more(page: Page, recorder: Recorder) -> None:
    recorder.pages["/bare"] = "bare"
    page.goto(recorder.url("/bare"))
    names = "Object.getOwnPropertyNames(window)"
    before = set(page.evaluate(names))
    recorder.pages["/"] = recorder.snippet
    page.goto(recorder.url("/"))
    assert set(page.evaluate(names)) - before == {"analytics"}


def test_a_page_with_the_snippet_twice_counts_once(page: Page, recorder: Recorder) -> None:
    """A theme and a plugin both bring it; or a page that swaps its body runs that one's scripts anew."""
    recorder.pages["/"] = recorder.html("/") + recorder.snippet
    page.goto(recorder.url("/"))
    do_everything(page)
    recorder.settle(page)
    recorder.wait_for_types(*EVERYTHING)


def test_a_page_of_two_websites_counts_for_both(page: Page, recorder: Recorder) -> None:
    other = WEBSITE.replace("550e8400", "550e8401")
    recorder.pages["/"] = recorder.snippet + recorder.snippet.replace(WEBSITE, other)
    page.goto(recorder.url("/"))
    recorder.wait_for_types("page_view", "page_view")
    assert {event["website_id"] for event in recorder.events} == {WEBSITE, other}


def test_a_snippet_without_its_id_leaves_the_page_what_it_calls(page: Page, recorder: Recorder) -> None:
    recorder.pages["/"] = recorder.snippet.replace("data-id", "data-website")
    page.goto(recorder.url("/"))
    page.evaluate(TRACK, ["signup", {}])


def test_three_busy_pages_take_six_of_the_ten_requests_that_are_allowed_in_ten_seconds(
    page: Page, recorder: Recorder
) -> None:
    for path in ("/one", "/two", "/three"):
        page.goto(recorder.url(path))
        page.evaluate(SCROLL, 1)
        for name in ("a", "b", "c"):
            page.evaluate(TRACK, [name, {}])
    page.close()
    recorder.wait_until(lambda: len(recorder.sent) >= 6)
    assert len(recorder.events) == 3 * len(("page_view", *EVERYTHING[2:5], "a", "b", "c", "close_tab"))
    assert len(recorder.sent) == 6


def test_the_file_is_under_1000_bytes_gzipped() -> None:
    assert len(gzip.compress(TRACKER.read_bytes(), 9)) < 1000


def test_the_shortest_events_there_can_be_fill_no_beacon_of_33() -> None:
    """tracker.js counts characters, not events: over 5,000 of them it sends what it has."""
    shortest = {
        "website_id": WEBSITE,
        "event_type": "custom",
        "url": "http://a.b/",
        "path": "/",
        "referrer": "",
        "screen_width": 1,
        "screen_height": 1,
        "properties": {},
    }
    one = len(json.dumps(shortest, separators=(",", ":")))
    assert len(",".join(["x" * one] * 32)) > 5_000
