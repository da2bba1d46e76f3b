"""What traffic is broken down by. To add a dimension, add a line at the end.

A dimension's place here is its number in `daily.dimension`, so lines never move. The rollup counts every
one of them, and reports read them back by name: there is one `daily` table for all.
"""

SITE = "site"  # the website as a whole
PATH = "path"
EVENT = "event"  # names of custom events

# The rest are columns of `visits`, and belong to a visit's first event.
VISIT_DIMENSIONS = ("channel", "referrer", "utm", "device", "browser", "os", "screen", "country")

DIMENSIONS = (SITE, PATH, EVENT, *VISIT_DIMENSIONS)
