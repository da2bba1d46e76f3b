"""Load from wrk, a Debian package, with 64 connections unless told otherwise."""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

CONNECTIONS = 64

# In wrk's own language. `build(i)` makes each of 2,000 requests before the clock runs.
FRAME = """
local requests, n = {}, 0
function init(args)
  math.randomseed(7)
  for i = 1, 2000 do requests[i] = build(i) end
end
function request()
  n = n % 2000 + 1
  return requests[n]
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests / summary.duration * 1000000,
    latency:percentile(50), latency:percentile(99), e.status + e.connect + e.read + e.write + e.timeout))
end
"""


class Result(NamedTuple):
    requests: float  # a second
    p50: float  # ms
    p99: float
    failed: float


def load(url: str, build: str, seconds: int, connections: int = CONNECTIONS) -> Result:
    if not shutil.which("wrk"):
        sys.exit("the benchmarks need wrk: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(build + FRAME)
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name, url]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", printed)
    assert found, printed
    requests, p50, p99, failed = map(int, found.groups())
    return Result(requests, p50 / 1000, p99 / 1000, failed)


def median(results: list[Result]) -> Result:
    return Result(*(statistics.median(column) for column in zip(*results, strict=True)))


def row(name: str, results: list[Result], baseline: list[Result]) -> str:
    """A line of figures, and the median ratio to the baseline of the same round."""
    ratio = statistics.median(
        one.requests / bare.requests for one, bare in zip(results, baseline, strict=True)
    )
    mid = median(results)
    failed = sum(result.failed for result in results)
    return (
        f"{name:24} {mid.requests:8.0f}/s   p50 {mid.p50:5.1f} ms   p99 {mid.p99:5.1f} ms"
        f"   ratio {ratio:.2f}   failed {failed:.0f}"
    )
