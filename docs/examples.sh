#!/bin/sh
# Walks every case of the product API (docs/api/product.md) with curl, and stops at the first answer
# that is not as documented.
#
#     docs/examples.sh http://127.0.0.1:8000
#
# Where the server asks for keys: WRITE_KEY=... READ_KEY=... docs/examples.sh URL
# It writes events of users named example-…, new ones at each run, and expects weeks to begin on Monday.
set -u

BASE=${1:?usage: examples.sh URL}
BASE=${BASE%/}
ALICE=example-alice-$$-$(date +%s)
BOB=example-bob-$$-$(date +%s)
ORIGIN='Origin: https://app.example'
ERROR='{"status":"error","message":'
DATA='{"status":"success","data":'
LOGGED='{"status":"success","message":"Event logged."}'
ANSWER=$(mktemp)
HEADERS=$(mktemp)
trap 'rm -f "$ANSWER" "$HEADERS"' EXIT

say() { printf '\n%s\n' "$1"; }

# expect STATUS TEXT CURL-ARGUMENTS... : TEXT is the body, or its beginning or a part where a * says so.
expect() {
    status=$1 text=$2
    shift 2
    got=$(curl --silent --show-error --output "$ANSWER" --dump-header "$HEADERS" --write-out '%{http_code}' \
        --header "$ORIGIN" "$@") || { echo "FAILED: nothing answers at $BASE"; exit 1; }
    body=$(cat "$ANSWER")
    printf '  %s %s\n' "$got" "$(printf %s "$body" | cut -c1-150)"
    # shellcheck disable=SC2254  # TEXT is a pattern on purpose
    case $body in
    $text) ;;
    *) echo "FAILED: expected the body $text"; exit 1 ;;
    esac
    [ "$got" = "$status" ] || { echo "FAILED: expected status $status"; exit 1; }
    grep -qi '^access-control-allow-origin: \*' "$HEADERS" || { echo "FAILED: no CORS header"; exit 1; }
}

# In TEXT a ? stands for the brackets of a JSON list, which would be a pattern of their own.
track() { # STATUS TEXT BODY
    expect "$1" "$2" --header 'Content-Type: application/json' --header "X-API-KEY: ${WRITE_KEY:-}" \
        --data "$3" "$BASE/track"
}
report() { # STATUS TEXT PATH PARAMETERS...
    status=$1 text=$2 path=$3
    shift 3
    for parameter; do
        set -- "$@" --data-urlencode "$parameter"
        shift
    done
    expect "$status" "$text" --get --header "Authorization: Bearer ${READ_KEY:-}" "$@" "$BASE/$path"
}

say 'Play and stop, with metadata'
track 200 "$LOGGED" '{"event":"play","user_id":"'"$ALICE"'","timestamp":"2025-01-18T14:30:00Z",
    "metadata":{"song_id":"song456","device":"mobile","platform":"ios"}}'
track 200 "$LOGGED" '{"event":"stop","user_id":"'"$ALICE"'","timestamp":"2025-01-18T14:33:00Z"}'

say 'A stop that arrives before its play'
track 200 "$LOGGED" '{"event":"stop","user_id":"'"$ALICE"'","timestamp":"2025-02-03T10:00:30Z"}'
track 200 "$LOGGED" '{"event":"play","user_id":"'"$ALICE"'","timestamp":"2025-02-03T10:00:00Z"}'

say 'The same user starts two sessions: a stop ends the most recent play'
track 200 "$LOGGED" '{"event":"play","user_id":"'"$ALICE"'","timestamp":"2025-01-19T10:00:00Z"}'
track 200 "$LOGGED" '{"event":"play","user_id":"'"$ALICE"'","timestamp":"2025-01-19T11:00:00+00:00"}'
track 200 "$LOGGED" '{"event":"stop","user_id":"'"$ALICE"'","timestamp":"2025-01-19T12:01:00+01:00"}'

say 'A stop without a play, a play without a stop: logged, but no session'
track 200 "$LOGGED" '{"event":"stop","user_id":"'"$BOB"'","timestamp":"2025-01-18T10:00:00Z"}'
track 200 "$LOGGED" '{"event":"play","user_id":"'"$BOB"'","timestamp":"2025-01-18T11:00:00Z"}'

say 'Other events, now'
track 200 "$LOGGED" '{"event":"product_view","user_id":"'"$BOB"'",
    "metadata":{"product_id":"prod789","price":299.99}}'
track 200 "$LOGGED" '{"event":"purchase","user_id":"'"$BOB"'","metadata":{"total":299.99,"items":["prod789"]}}'

say 'A timestamp in the future becomes server time'
track 200 "$LOGGED" '{"event":"later","user_id":"'"$BOB"'","timestamp":"2999-01-01T00:00:00Z"}'

say 'Metadata over 4 KB is truncated, with a warning'
LARGE=$(printf '%05000d' 0)
track 200 '{"status":"success","message":"Event logged.","warning":"*5011 bytes*"}' \
    '{"event":"large","user_id":"'"$BOB"'","metadata":{"text":"'"$LARGE"'"}}'

say 'Event counts: by day, by week, by month'
report 200 "$DATA"'?{"date":"2025-01-18","play":1,"stop":1},{"date":"2025-01-19","play":2,"stop":1}?}' \
    metrics start_date=2025-01-01 end_date=2025-01-31 user_id="$ALICE"
report 200 "$DATA"'?{"date":"2025-01-13","play":3,"stop":2},{"date":"2025-02-03","play":1,"stop":1}?}' \
    metrics start_date=2025-01-01 end_date=2025-02-28 group_by=week user_id="$ALICE"
report 200 "$DATA"'?{"date":"2025-01-01","play":3,"stop":2},{"date":"2025-02-01","play":1,"stop":1}?}' \
    metrics start_date=2025-01-01 end_date=2025-12-31 group_by=month user_id="$ALICE"
report 200 "$DATA"'?{"date":"2025-01-18","play":1,"stop":1}?}' \
    metrics start_date=2025-01-18 end_date=2025-01-18 group_by=day user_id="$BOB"
report 200 "$DATA"'?*"date":*?}' metrics start_date=2025-01-01 end_date=2025-12-31
report 200 "$DATA"'??}' metrics start_date=2024-01-01 end_date=2024-12-31 user_id="$ALICE"

say 'Sessions: by day, by week, by month'
report 200 "$DATA"'?{"date":"2025-01-18","totalDuration":180,"sessionCount":1,"averageDuration":180},'\
'{"date":"2025-01-19","totalDuration":60,"sessionCount":1,"averageDuration":60}?}' \
    sessions start_date=2025-01-01 end_date=2025-01-31 user_id="$ALICE"
report 200 "$DATA"'?{"date":"2025-01-13","totalDuration":240,"sessionCount":2,"averageDuration":120}?}' \
    sessions start_date=2025-01-01 end_date=2025-01-31 group_by=week user_id="$ALICE"
report 200 "$DATA"'?{"date":"2025-01-01","totalDuration":240,"sessionCount":2,"averageDuration":120},'\
'{"date":"2025-02-01","totalDuration":30,"sessionCount":1,"averageDuration":30}?}' \
    sessions start_date=2025-01-01 end_date=2025-12-31 group_by=month user_id="$ALICE"
report 200 "$DATA"'??}' sessions start_date=2025-01-01 end_date=2025-01-31 user_id="$BOB"

say 'What is refused: events'
track 400 "$ERROR"'"user_id is required"}' '{"event":"play"}'
track 400 "$ERROR"'"event is required"}' '{"user_id":"'"$BOB"'"}'
track 400 "$ERROR"'"event: *' '{"event":"","user_id":"'"$BOB"'"}'
track 400 "$ERROR"'"event: *' '{"event":"date","user_id":"'"$BOB"'"}'
track 400 "$ERROR"'"timestamp: *' '{"event":"play","user_id":"'"$BOB"'","timestamp":"yesterday"}'
track 400 "$ERROR"'"timestamp: *' '{"event":"play","user_id":"'"$BOB"'","timestamp":"2025-01-18T14:30:00"}'
track 400 "$ERROR"'"metadata: *' '{"event":"play","user_id":"'"$BOB"'","metadata":"text"}'
track 400 "$ERROR"'"body: is not valid JSON"}' '{"event":'
track 413 "$ERROR"'"The body is larger than 16384 bytes"}' "$LARGE$LARGE$LARGE$LARGE"

say 'What is refused: reports'
for path in metrics sessions; do
    report 400 "$ERROR"'"start_date and end_date are required"}' $path
    report 400 "$ERROR"'"start_date and end_date are required"}' $path start_date=2025-01-01
    report 400 "$ERROR"'"Invalid date format. Use YYYY-MM-DD"}' \
        $path start_date=01/01/2025 end_date=2025-01-31
    report 400 "$ERROR"'"Invalid date format. Use YYYY-MM-DD"}' \
        $path start_date=2025-02-30 end_date=2025-03-31
    report 400 "$ERROR"'"start_date: *"}' $path start_date=2025-02-01 end_date=2025-01-01
    report 400 "$ERROR"'"group_by: *"}' \
        $path start_date=2025-01-01 end_date=2025-01-31 group_by=year
done

say 'What does not exist, and what a page asks first'
expect 405 "$ERROR"'"Method Not Allowed"}' "$BASE/track"
expect 404 "$ERROR"'"Not Found"}' "$BASE/metrics/x"
for path in track metrics sessions; do
    expect 204 '' --request OPTIONS --header 'Access-Control-Request-Method: POST' "$BASE/$path"
done

say 'All as documented.'
