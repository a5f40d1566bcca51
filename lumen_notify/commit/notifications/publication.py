"""Publication: a notification to be, and what has become of it. No I/O.

Not here: how it is written (`notifications`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from lumen_notify.model import Audience, value

Status = Literal["sent", "scheduled", "delayed", "bundled", "merged"]

STATUSES: tuple[Status, ...] = ("sent", "scheduled", "delayed", "bundled", "merged")


@value
class Publication:
    """One notification to be.

    audiences: at least one, without repeats. recipients: their number, None if it is for everyone, or for a
    room whose members are still to be counted.
    fields: what the frame carries beside id and created_at, without None; a priority that is missing is
    that of its category. deliver_at: milliseconds, None for at once. owner: who may cancel it until then.
    expires_at: milliseconds, None for never. group_key: of what it merges with, for audiences that are
    users; None for nothing. required_moderator: who must be owner or moderator of its room; None where a
    scope allows it.
    """

    id: str
    audiences: tuple[Audience, ...]
    recipients: int | None
    category: str
    fields: Mapping[str, Any]
    deliver_at: int | None = None
    owner: str = ""
    expires_at: int | None = None
    group_key: str | None = None
    required_moderator: str | None = None

    def having(self, fields: Mapping[str, Any]) -> Publication:
        """Return the same with other fields. As `dataclasses.replace`, in a third of the time."""
        return Publication(
            id=self.id,
            audiences=self.audiences,
            recipients=self.recipients,
            category=self.category,
            fields=fields,
            deliver_at=self.deliver_at,
            owner=self.owner,
            expires_at=self.expires_at,
            group_key=self.group_key,
            required_moderator=self.required_moderator,
        )


@value
class Published:
    """The answer. id: of the (first) row. recipients: who get it, None for everyone. position: of the (last)
    event, None if there is none yet.

    status: `merged` into a row that was there: if no event tells of it yet, position is the log's newest;
    `bundled`: all of it waits for bundles; `delayed` by a limit for all; else `sent` or `scheduled`. delayed,
    refused: recipients that a limit had to do with, if not all. deliver_at: milliseconds, of those delayed.
    """

    id: str
    recipients: int | None
    position: int | None
    status: Status = "sent"
    delayed: int = 0
    refused: int = 0
    deliver_at: int | None = None
