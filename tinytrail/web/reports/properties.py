"""Properties of custom events, as reports and filters name them: one definition in SQL for both."""

import msgspec

from tinytrail.core.connect import Tx
from tinytrail.web.events import CUSTOM

# The properties of an event e, one a row. SQLite takes fewer levels of nesting than what decoded the hit.
EACH = "json_each(case when json_valid(e.properties) then e.properties end) property"

# All but the one that gave a `custom` event its name (enrich.event_name).
IS_SHOWN = f"""
    not (e.kind = {CUSTOM} and property.type = 'text' and property.value <> ''
         and (property.key = 'event_name'
              or property.key = 'name'
                 and coalesce(json_type(e.properties, '$.event_name') <> 'text'
                              or e.properties ->> '$.event_name' = '', true)))"""

# Its value: text as it is, all else as JSON.
TEXT = """
    case property.type
         when 'text'   then property.value
         when 'object' then property.value
         when 'array'  then property.value
         when 'true'   then 'true'
         when 'false'  then 'false'
         when 'null'   then 'null'
         else number_text(property.value)
    end"""


def number_text(value: float) -> str:
    """As JSON has it. SQLite would write 0.30000000000000004 as 0.3, and 1e22 as 1.0e+22."""
    return msgspec.json.encode(value).decode()


def add_functions(tx: Tx) -> None:
    """What TEXT needs."""
    tx.create_function("number_text", 1, number_text, deterministic=True)
