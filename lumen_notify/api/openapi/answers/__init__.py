"""Answers: what the bodies of answers look like, as JSON schemas; a module for each noun.

Nothing validates with them at run time: the tests do, against a real server.
"""

from lumen_notify.api.openapi.answers import (
    accounts,
    blocks,
    inbox,
    messages,
    preferences,
    publishing,
    rooms,
    stream,
)
from lumen_notify.api.openapi.schema import JsonSchema

SCHEMAS: dict[str, JsonSchema] = {
    **inbox.SCHEMAS,
    **publishing.SCHEMAS,
    **rooms.SCHEMAS,
    **messages.SCHEMAS,
    **blocks.SCHEMAS,
    **preferences.SCHEMAS,
    **stream.SCHEMAS,
    **accounts.SCHEMAS,
}
