"""Model: the values that every package shares. No I/O.

    audience       who an event is for                cursor         how far a client has read the log
    event          one row of the log                 close_reason   why a stream ended
    events         what each kind of event carries    reset_reason   why a cursor cannot be served
    counts         one user's unread numbers          shared_text    what groups of several users show
    times, ids, encoding, value                       clock, UUIDv7, JSON, immutable dataclasses

Positions are whole numbers from 1, without gaps; 0 is before the first event. Times are whole
milliseconds since 1970, UTC.

Not here: what a request may contain (`accept/`), how an event looks on the wire (`deliver/frames`), where it
is stored (`commit/`).
"""

from lumen_notify.model.audience import (
    EVERYONE,
    LIST,
    MAX_USER_ID_CHARACTERS,
    NOBODY,
    Audience,
    AudienceSpan,
    UserAudiences,
    users_of,
)
from lumen_notify.model.categories import RESERVED_CATEGORIES
from lumen_notify.model.close_reason import CloseReason
from lumen_notify.model.counts import Counts, CountsSnapshot
from lumen_notify.model.cursor import Cursor
from lumen_notify.model.encoding import escape_line_separators, to_json
from lumen_notify.model.event import Event, check_of, check_of_row
from lumen_notify.model.ids import UUID_PATTERN, canonical_id, id_text, new_id
from lumen_notify.model.reset_reason import ResetReason
from lumen_notify.model.times import from_rfc3339, now_ms, rfc3339
from lumen_notify.model.value import value

BASE = "/api/v1"
"""The prefix of the API's paths, below the path where the application is mounted."""

__all__ = [
    "BASE",
    "EVERYONE",
    "LIST",
    "MAX_USER_ID_CHARACTERS",
    "NOBODY",
    "RESERVED_CATEGORIES",
    "UUID_PATTERN",
    "Audience",
    "AudienceSpan",
    "CloseReason",
    "Counts",
    "CountsSnapshot",
    "Cursor",
    "Event",
    "ResetReason",
    "UserAudiences",
    "canonical_id",
    "check_of",
    "check_of_row",
    "escape_line_separators",
    "from_rfc3339",
    "id_text",
    "new_id",
    "now_ms",
    "rfc3339",
    "to_json",
    "users_of",
    "value",
]
