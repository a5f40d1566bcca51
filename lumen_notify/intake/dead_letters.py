r"""Dead letters: what is written about a message that cannot be accepted.

{"problem": {"type": "urn:lumen-notify:invalid", "status": 422, "code": "invalid", ...},
 "source": {"broker": "kafka", "topic": "events", "partition": 0, "offset": 17},
 "at": "2026-11-29T12:00:00.000Z", "message": "{\"type\": ...}"}

Promise: a dead letter is shorter than MAX_BYTES, and its key than MAX_KEY_BYTES, whatever the message is.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from lumen_notify.http.problems import document_of
from lumen_notify.intake.source import DeadLetter, Incoming
from lumen_notify.model import rfc3339

MAX_MESSAGE_BYTES = 128 * 1024
"""How much of a message its dead letter has. A character may take six bytes as JSON, and brokers take a MiB
by default."""

MAX_KEY_BYTES = 32 * 1024
"""How long a key a dead letter may have: with a longer one, and the message as JSON, it could be longer than
brokers take. It then has none."""

MAX_BYTES = 6 * MAX_MESSAGE_BYTES + 64 * 1024


def dead_letter(message: Incoming, error: Exception, now: int) -> DeadLetter:
    """Return the dead letter of a message. now: milliseconds."""
    document: dict[str, Any] = {
        "problem": document_of(error),
        "source": dict(message.position),
        "at": rfc3339(now),
        **_shown(message.body),
    }
    # The name of an unknown field may contain half of a surrogate pair.
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return DeadLetter(
        body=text.encode("utf-8", "backslashreplace"),
        key=message.key if len(message.key or b"") <= MAX_KEY_BYTES else None,
        of=None if message.id is None else (message.source, message.id),
    )


def _shown(body: bytes) -> dict[str, Any]:
    """Return the message as text; as base64 if it is none. A long one is cut."""
    cut: dict[str, Any] = {} if len(body) <= MAX_MESSAGE_BYTES else {"bytes": len(body)}
    shown = body[:MAX_MESSAGE_BYTES]
    try:
        return {"message": shown.decode("utf-8", "strict" if not cut else "ignore"), **cut}
    except UnicodeDecodeError:
        return {"message_base64": base64.b64encode(shown).decode(), **cut}
