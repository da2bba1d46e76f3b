"""Who is calling: the socket's address, unless that is a trusted proxy's."""

from typing import Any

import pytest

from tinytrail.core.client_ip import ClientAddress, parse_address

PROXIES = ("10.0.0.0/8", "192.0.2.1", "2001:db8:ffff::/48")


def scope(peer: str | None, *forwarded: str) -> Any:
    headers = [(b"host", b"x"), *((b"x-forwarded-for", value.encode("latin-1")) for value in forwarded)]
    return {"type": "http", "client": (peer, 1234) if peer is not None else None, "headers": headers}


BEHIND_A_PROXY = [
    # what                                            peer          X-Forwarded-For                  client
    ("one hop", "10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
    ("a single trusted address", "192.0.2.1", ["203.0.113.9"], "203.0.113.9"),
    ("no header", "10.0.0.1", [], "10.0.0.1"),
    ("an empty header", "10.0.0.1", [""], "10.0.0.1"),
    ("a spoofed entry at the left", "10.0.0.1", ["1.2.3.4, 203.0.113.9"], "203.0.113.9"),
    ("a spoofed private entry", "10.0.0.1", ["10.9.9.9, 203.0.113.9"], "203.0.113.9"),
    ("two proxies", "10.0.0.1", ["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
    ("two headers", "10.0.0.1", ["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
    ("a spoofed first header", "10.0.0.1", ["1.2.3.4", "203.0.113.9"], "203.0.113.9"),
    ("proxies only", "10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    ("a port", "10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
    ("brackets and a port", "10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
    ("brackets", "10.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
    ("IPv6 written at length", "10.0.0.1", ["2001:0DB8:0:0::0001"], "2001:db8::1"),
    ("IPv6 with a zone", "10.0.0.1", ["fe80::1%eth0"], "fe80::1"),
    ("IPv4 in IPv6", "10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
    ("an IPv6 proxy", "2001:db8:ffff::7", ["203.0.113.9"], "203.0.113.9"),
    ("a proxy in IPv6 clothes", "::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
    ("spaces and tabs", "10.0.0.1", ["1.2.3.4 ,\t203.0.113.9 "], "203.0.113.9"),
    ("garbage", "10.0.0.1", ["garbage"], "10.0.0.1"),
    ("garbage at the left", "10.0.0.1", ["garbage, 203.0.113.9"], "203.0.113.9"),
    ("garbage at the right", "10.0.0.1", ["203.0.113.9, garbage"], "10.0.0.1"),
    ("garbage left of a proxy", "10.0.0.1", ["1.2.3.4, unknown, 10.0.0.2"], "10.0.0.2"),
    ("an address with nonsense behind it", "10.0.0.1", ["203.0.113.9 or 1=1"], "10.0.0.1"),
    ("bytes that are no text", "10.0.0.1", ["\xff\xfe"], "10.0.0.1"),
    ("a very long header", "10.0.0.1", ["1.2.3.4, " * 1000 + "203.0.113.9"], "203.0.113.9"),
]

NOT_BEHIND_A_PROXY = [
    ("a visitor", "203.0.113.9", [], "203.0.113.9"),
    ("a visitor who claims to be another", "203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
    ("an address beside the proxy's", "192.0.2.2", ["1.2.3.4"], "192.0.2.2"),
    ("IPv4 in IPv6", "::ffff:203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
    ("IPv6 with a zone", "fe80::1%eth0", [], "fe80::1"),
    ("a Unix socket", None, ["1.2.3.4"], ""),
    ("a peer that is no address", "testclient", ["1.2.3.4"], "testclient"),
]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [row[1:] for row in BEHIND_A_PROXY],
    ids=[row[0] for row in BEHIND_A_PROXY],
)
def test_a_trusted_proxy_says_who_is_calling(peer: str, forwarded: list[str], client: str) -> None:
    assert ClientAddress(PROXIES).and_trust(scope(peer, *forwarded)) == (client, True)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [row[1:] for row in NOT_BEHIND_A_PROXY],
    ids=[row[0] for row in NOT_BEHIND_A_PROXY],
)
def test_nobody_else_does(peer: str | None, forwarded: list[str], client: str) -> None:
    assert ClientAddress(PROXIES).and_trust(scope(peer, *forwarded)) == (client, False)
    assert ClientAddress(()).of(scope(peer, *forwarded)) == client


def test_without_trusted_proxies_not_even_this_machine_is_believed() -> None:
    assert ClientAddress(()).and_trust(scope("127.0.0.1", "1.2.3.4")) == ("127.0.0.1", False)


@pytest.mark.parametrize(
    "text", ["", " ", "1.2.3", "1.2.3.4.5", "300.1.1.1", "::g", "1.2.3.4/8", "localhost"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None
