"""Tracks, heartbeats and beats a second, durable, against a bare ASGI answer on the same uvicorn.

make bench            or            python -m bench.heartbeats [--seconds 5] [--rounds 3]
"""

import argparse

from bench.servers import bare_server, device_token, tinytrail_server
from bench.wrk import Result, load, row

TRACKS = """
local events = {"play", "pause", "stop", "view"}
function build(i)
  local body = string.format(
    '{"event":"%s","user_id":"user-%d","metadata":{"song_id":"song-%d","device":"mobile"}}',
    events[i % 4 + 1], math.random(500), math.random(200))
  return wrk.format("POST", "/track", {["Content-Type"] = "application/json"}, body)
end
"""

HEARTBEATS = """
function build(i)
  local body = string.format('{"version":"2.0.0","instance_id":"%08x-0000-4000-8000-%012x"}',
    math.random(2^31 - 1), i)
  return wrk.format("POST", "/heartbeat", {
    ["Content-Type"] = "application/json",
    ["X-Forwarded-For"] = string.format("198.18.%d.%d", math.random(250), math.random(250))}, body)
end
"""

BEATS = """
function build(i)
  return wrk.format("POST", "/api/beat", {["Authorization"] = "@TOKEN@"}, "")
end
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    bare: list[Result] = []
    results: dict[str, list[Result]] = {"tracks": [], "heartbeats": [], "beats": []}
    for _ in range(arguments.rounds):
        with bare_server() as server:
            load(server.url, TRACKS, 1)
            bare.append(load(server.url, TRACKS, arguments.seconds))
        with tinytrail_server() as server:
            beats = BEATS.replace("@TOKEN@", device_token(server))
            for name, build in (("tracks", TRACKS), ("heartbeats", HEARTBEATS), ("beats", beats)):
                load(server.url, build, 1)
                results[name].append(load(server.url, build, arguments.seconds))
    print(row("bare ASGI answer", bare, bare))
    for name, measured in results.items():
        print(row(f"{name}, durable", measured, bare))


if __name__ == "__main__":
    main()
