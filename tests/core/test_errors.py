"""What a validation error says: the field, and what is wrong with it."""

import msgspec
import pytest

from tinytrail.core.errors import name_field
from tinytrail.web.accounts import NewAccount
from tinytrail.web.enrich import Hit
from tinytrail.web.users import NewUser
from tinytrail.web.websites import NewWebsite

HIT = '{"website_id": "w", "event_type": "page_view", "url": "u", "path": "/"'

SAID = [
    # body                                                          type         sentence
    ("{}", NewAccount, "name is required"),
    ("[]", NewAccount, "body: Expected `object`, got `array`"),
    ('{"name": 7}', NewAccount, "name: Expected `str`, got `int`"),
    ('{"name": "  "}', NewAccount, "name: must not be blank"),
    (f'{{"name": "{"x" * 201}"}}', NewAccount, "name: must not be longer than 200 characters"),
    (
        '{"domain": "a", "content_groups": [{"name": "", "pattern": "/"}]}',
        NewWebsite,
        "content_groups[0].name: must not be empty",
    ),
    (
        '{"domain": "a", "excluded_ips": ["1"' + ', "1"' * 1000 + "]}",
        NewWebsite,
        "excluded_ips: must not be more than 1000",
    ),
    ('{"domain": "a", "retention_days": -1}', NewWebsite, "retention_days: must not be below 0"),
    ('{"domain": "a", "retention_days": 36501}', NewWebsite, "retention_days: must not be above 36500"),
    (
        f'{{"account_id": "a", "role": "user", "email": "{"x" * 321}"}}',
        NewUser,
        "email: must not be longer than 320 characters",
    ),
    (f'[{HIT}}}, {HIT}, "referrer": 7}}]', list[Hit], "[1].referrer: Expected `str | null`, got `int`"),
    (
        '{"domain": "a", "content_groups": [{"pattern": "/"}]}',
        NewWebsite,
        "content_groups[0].name is required",
    ),
    ('{"account_id": "a", "role": "owner"}', NewUser, "role: must be one of admin, user"),
]


@pytest.mark.parametrize(("body", "type_", "sentence"), SAID, ids=[row[2] for row in SAID])
def test_the_field_is_named(body: str, type_: type, sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(body, type=type_)
    assert name_field(str(raised.value), kind=type_) == sentence


def test_what_was_sent_is_not_repeated_at_length() -> None:
    assert len(name_field(f"Invalid enum value '{'x' * 9000}' - at `$.role`")) < 250
