"""Badges for a README: a small SVG with a label and a value, as shields.io made them known."""

from html import escape

from litestar import Response

PADDING = 6  # pixels on either side of a text
MOST_CHARACTERS = 64  # of either text

# How wide characters of 11 px Verdana are, near enough: `textLength` makes every font fill that width.
WIDTHS = {
    c: width for width, cs in ((3, "ijl'|"), (4, " .,:;ft!"), (5, "rI-()[]/"), (10, "mMW%@")) for c in cs
}
LOWER_CASE, OTHER, WIDE = 6.4, 7.2, 11

# GitHub serves README images from a cache of its own, which heeds these.
NO_CACHE = {"cache-control": "no-cache, no-store, must-revalidate", "expires": "0"}

SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {value}">\
<title>{label}: {value}</title>\
<rect width="{width}" height="20" rx="3" fill="#1769aa"/>\
<path fill="#555" d="M3 0H{left}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z"/>\
<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">\
<text x="{label_x}" y="14" textLength="{label_width}">{label}</text>\
<text x="{value_x}" y="14" textLength="{value_width}">{value}</text></g></svg>
"""


def text_width(text: str) -> int:
    return max(1, round(sum(map(character_width, text))))


def character_width(character: str) -> float:
    if not character.isascii():
        return WIDE if ord(character) > 0x2000 else OTHER  # the far east's scripts are wide
    return WIDTHS.get(character, LOWER_CASE if character.islower() else OTHER)


def badge(label: str, value: str) -> bytes:
    """The SVG, `label` on grey at its left and `value` on blue at its right."""
    label, value = clean(label), clean(value)
    label_width, value_width = text_width(label), text_width(value)
    left = label_width + 2 * PADDING
    svg = SVG.format(
        label=escape(label),
        value=escape(value),
        width=left + value_width + 2 * PADDING,
        left=left,
        label_x=PADDING,
        label_width=label_width,
        value_x=left + PADDING,
        value_width=value_width,
    )
    return svg.encode()


def clean(text: str) -> str:
    """One line of what XML can hold, cut to a length that a README has room for."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"


def badge_response(label: str, value: str) -> Response[bytes]:
    return Response(badge(label, value), media_type="image/svg+xml", headers=NO_CACHE)
