"""What traffic is broken down by, and what is counted. A new dimension is a line at the end of DIMENSIONS.

A dimension's place there is its number in `daily.dimension`, so lines never move. The rollup counts every
one of them, and reports read them back by name: there is one `daily` table for all.
"""

SITE = "site"  # the website as a whole
PATH = "path"
EVENT = "event"  # names of custom events
PATHS = "paths"  # all paths together: a visitor is counted once for each

DIMENSIONS = (
    SITE,
    PATH,
    EVENT,
    # Columns of `visits`, which belong to a visit's first event.
    "channel",
    "referrer",
    "utm",
    "device",
    "browser",
    "os",
    "screen",
    "country",
    PATHS,
)

MEASURES = ("visits", "visitors", "pageviews", "bounces", "seconds", "entries", "exits", "events")
