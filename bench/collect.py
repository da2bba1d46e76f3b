"""Whole collect requests a second, durable, against a bare ASGI answer on the same uvicorn.

    make bench            or            python -m bench.collect [--seconds 8] [--rounds 3]

Both servers run alone, one after the other, round by round, under the same load: wrk (a Debian package) with
64 connections, sending page views of 2,000 visitors with different addresses, agents and paths. The ratio is
what counts; the figures a second are this machine's, shared with the load itself.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

from bench.servers import bare_server, tinytrail_server

CONNECTIONS = 64

# wrk's own language. The requests are made before the clock runs.
LOAD = """
local agents = {
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36"}
local referrers = {"", "https://www.google.com/", "https://t.co/abc", "https://news.ycombinator.com/item?id=1"}
local requests, n = {}, 0
function init(args)
  math.randomseed(7)
  for i = 1, 2000 do
    local path = "/blog/post-" .. math.random(500)
    local body = string.format('{"website_id":"%s","event_type":"page_view","url":"https://example.com%s",' ..
      '"path":"%s","referrer":"%s","screen_width":1920,"screen_height":1080}',
      "@WEBSITE@", path, path, referrers[i %% 4 + 1])
    requests[i] = wrk.format("POST", "/api/v1/collect", {
      ["Content-Type"] = "text/plain;charset=UTF-8", ["Origin"] = "https://example.com",
      ["User-Agent"] = agents[math.random(4)],
      ["X-Forwarded-For"] = string.format("198.%d.%d.%d", 18 + i %% 2, math.random(250), math.random(250))}, body)
  end
end
function request() n = n %% 2000 + 1; return requests[n] end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %%d %%d %%d %%d\\n", summary.requests / summary.duration * 1000000,
    latency:percentile(50), latency:percentile(99), e.status + e.connect + e.read + e.write + e.timeout))
end
""".replace("%%", "%")


class Result(NamedTuple):
    requests: int  # a second
    p50: float  # ms
    p99: float
    failed: int


def load(url: str, website_id: str, seconds: int) -> Result:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LOAD.replace("@WEBSITE@", website_id))
        script.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script.name, url]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", printed)
    assert found, printed
    requests, p50, p99, failed = map(int, found.groups())
    return Result(requests, p50 / 1000, p99 / 1000, failed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("bench.collect needs wrk: apt-get install wrk")
    bare, full = [], []
    for _ in range(arguments.rounds):
        with bare_server() as url:
            load(url, "x", 1)
            bare.append(load(url, "x", arguments.seconds))
        with tinytrail_server() as server:
            website = server.add_website()
            load(server.url, website, 1)
            full.append(load(server.url, website, arguments.seconds))
            report(server.stored(), full[-1])
    ratio = statistics.median(f.requests / b.requests for b, f in zip(bare, full, strict=True))
    for name, results in (("bare ASGI answer", bare), ("collect, durable", full)):
        median = [statistics.median(column) for column in zip(*results, strict=True)]
        print(f"{name}: {median[0]:8.0f} requests/s   p50 {median[1]:5.1f} ms   p99 {median[2]:5.1f} ms")
    print(f"ratio {ratio:.2f}, failed {sum(result.failed for result in bare + full)}")


def report(stored: int, result: Result) -> None:
    print(f"  {result.requests}/s, p99 {result.p99:.1f} ms; {stored} events on disk")


if __name__ == "__main__":
    main()
