"""Whole collect requests a second, durable, against a bare ASGI answer on the same uvicorn.

    make bench            or            python -m bench.collect [--seconds 8] [--rounds 3] [--connections 64]

Both servers run alone, one after the other, round by round, under the same load: page views of 2,000
visitors with different addresses, agents and paths. The ratio is what counts; the figures a second are this
machine's, shared with the load itself.
"""

import argparse

from bench.servers import bare_server, count, tinytrail_server
from bench.wrk import CONNECTIONS, Result, load, row

PAGE_VIEWS = """
local chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0"
local agents = {
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " .. chrome .. " Safari/537.36",
  "Mozilla/5.0 (Linux; Android 10; K) " .. chrome .. " Mobile Safari/537.36",
  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " ..
    "Version/18.5 Mobile/15E148 Safari/604.1"}
local referrers = {"", "https://www.google.com/", "https://t.co/abc", "https://lobste.rs/s/1"}
function build(i)
  local path = "/blog/post-" .. math.random(500)
  local body = string.format(
    '{"website_id":"%s","event_type":"page_view","url":"https://example.com%s","path":"%s",' ..
    '"referrer":"%s","screen_width":1920,"screen_height":1080}',
    "@WEBSITE@", path, path, referrers[i % 4 + 1])
  return wrk.format("POST", "/api/v1/collect", {
    ["Content-Type"] = "text/plain;charset=UTF-8",
    ["Origin"] = "https://example.com",
    ["User-Agent"] = agents[math.random(4)],
    ["X-Forwarded-For"] = string.format("198.%d.%d.%d", 18 + i % 2, math.random(250), math.random(250)),
  }, body)
end
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    arguments = parser.parse_args()
    seconds, connections = arguments.seconds, arguments.connections
    bare: list[Result] = []
    full: list[Result] = []
    for _ in range(arguments.rounds):
        with bare_server() as server:
            load(server.url, PAGE_VIEWS, 1, connections)
            bare.append(load(server.url, PAGE_VIEWS, seconds, connections))
        with tinytrail_server() as server:
            views = PAGE_VIEWS.replace("@WEBSITE@", server.add_website("example.com"))
            load(server.url, views, 1, connections)
            full.append(load(server.url, views, seconds, connections))
            print(f"{count(server, 'select count(*) from events')} events on disk")
    print(row("bare ASGI answer", bare, bare))
    print(row("collect, durable", full, bare))


if __name__ == "__main__":
    main()
