"""What Litestar remembers of requests, forgotten where it is large.

It keeps the last 1,024 paths, queries and Cookie headers that it took apart, however long they were: of
queries of 64 KB with nothing in them but `a&a&a`, which anybody may send, 2 GB.
"""

from litestar import Litestar
from litestar._asgi.routing_trie.traversal import parse_path_params
from litestar._parsers import parse_cookie_string, parse_query_string
from litestar.types import Scope

LONG = 1024  # bytes; of a thousand such 40 MB are kept at most


def is_long(scope: Scope) -> bool:
    """Whether what Litestar takes apart of the request is."""
    length = len(scope["path"]) + len(scope["query_string"])
    return length + sum(len(value) for name, value in scope["headers"] if name == b"cookie") > LONG


def forget_requests(app: Litestar) -> None:
    for remembering in (parse_query_string, parse_cookie_string, parse_path_params):
        remembering.cache_clear()
    app.asgi_router.handle_routing.cache_clear()
