#!/bin/sh
# Sends one beat to a TinyTrail server: "I am at this device now." Run it from a timer; it needs curl 7.55 or later.
#
#   TINYTRAIL_URL         the server, such as https://stats.example.com
#   TINYTRAIL_TOKEN       the device's token, or
#   TINYTRAIL_TOKEN_FILE  a file that holds it
#
# Prints the Unix time at which the server noted the beat. Exit code 0 if it did, 1 if not, 2 if a setting is missing.
set -eu

complain() {
    echo "heartbeat: $1" >&2
    exit 2
}

[ -n "${TINYTRAIL_URL:-}" ] || complain "TINYTRAIL_URL is not set"
token=${TINYTRAIL_TOKEN:-}
if [ -z "$token" ] && [ -n "${TINYTRAIL_TOKEN_FILE:-}" ]; then
    [ -r "$TINYTRAIL_TOKEN_FILE" ] || complain "cannot read $TINYTRAIL_TOKEN_FILE"
    token=$(cat "$TINYTRAIL_TOKEN_FILE")
fi
[ -n "$token" ] || complain "neither TINYTRAIL_TOKEN nor TINYTRAIL_TOKEN_FILE gives a token"

# The token goes through a pipe: what stands in a command's arguments, every user of this machine can read.
noted=$(printf 'Authorization: %s\n' "$token" |
    curl --silent --show-error --fail --max-time 20 --retry 2 \
        --request POST --header @- "${TINYTRAIL_URL%/}/api/beat") || exit 1
echo "$noted"
