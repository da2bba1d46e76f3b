"""Who is really calling, given the proxies that are trusted to say so."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from tinytrail.core.asgi import header_value

if TYPE_CHECKING:
    from litestar.types import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def parse_address(text: str) -> Address | None:
    """An address as a proxy writes it, port or brackets included; None if it is none.

    An IPv4 address in IPv6 clothes (::ffff:192.0.2.1) is the IPv4 one.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and CIDR ranges. Raises ValueError, naming the one that is neither."""
    return tuple(_unmapped(ip_network(text, strict=False)) for text in texts)


def _unmapped(network: Network) -> Network:
    """Callers' addresses are IPv4 where they can be (`parse_address`), and so must ranges be."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    return IPv4Network((mapped, network.prefixlen - 96)) if mapped and network.prefixlen >= 96 else network


def within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


@lru_cache(4096)
def whom_limits_count(ip: str) -> str:
    """The address itself, or all that its owner has: of IPv6 at least a /64."""
    address = parse_address(ip) if ":" in ip else None
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else ip


class ClientAddress:
    """Whose address counts (docs/api/web.md, Limits): the socket's, unless that is a trusted proxy's; then
    the right-most entry of X-Forwarded-For that is not."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted = parse_networks(trusted_proxies)
        self._resolve = lru_cache(4096)(self._resolve_uncached)

    def of(self, scope: "Scope") -> str:
        """The address, in its canonical form; empty where there is none (a Unix socket)."""
        return self.and_trust(scope)[0]

    def and_trust(self, scope: "Scope") -> tuple[str, bool]:
        """The address, and whether the peer is a trusted proxy, so that its headers may be believed."""
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        return self.resolve(scope["client"], b",".join(forwarded))

    def resolve(self, client: tuple[str, int] | None, forwarded: bytes) -> tuple[str, bool]:
        """The same, given the peer's socket address and its X-Forwarded-For."""
        return self._resolve(client[0] if client else "", forwarded[-1024:] if self._trusted else b"")

    def scheme(self, scope: "Scope") -> str:
        """http or https: the socket's, unless a trusted proxy tells in X-Forwarded-Proto how it was asked."""
        if self.and_trust(scope)[1]:
            forwarded = (
                header_value(scope["headers"], b"x-forwarded-proto").partition(b",")[0].strip().lower()
            )
            if forwarded in (b"http", b"https"):
                return forwarded.decode()
        return scope["scheme"]

    def _resolve_uncached(self, peer: str, forwarded: bytes) -> tuple[str, bool]:
        address = parse_address(peer)
        if address is None or not within(address, self._trusted):
            return (str(address) if address else peer), False
        for entry in reversed(forwarded.decode("latin-1").split(",")):
            hop = parse_address(entry)
            if hop is None:
                break  # nobody we trust vouches for what stands left of this
            address = hop
            if not within(hop, self._trusted):
                break
        return str(address), True
