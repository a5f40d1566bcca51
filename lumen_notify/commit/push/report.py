"""Report: reads what became of the pushes of a notification."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal

from lumen_notify.commit.database import Database
from lumen_notify.model import value

STEP_ROWS = 20
"""Rows of one query: each has the outcomes of a page of users."""

PushStatus = Literal["pending", "waiting", "done", "not_pushed"]

_Outcome = tuple[str, str | None, str]
"""User, device and word, as a row has them."""


@value
class ReportPlace:
    """A place in the report of a notification: an outcome of a page of a push."""

    push_id: str = ""
    page: int = 0
    number: int = 0


@value
class ReportedOutcome:
    """What became of a push to a user, or to one of their devices. device_id: None if it is about all of
    them. at: milliseconds. place: of this outcome."""

    user_id: str
    device_id: str | None
    word: str
    at: int
    place: ReportPlace


class PushReports:
    """Reads reports. Raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publishers(self, notification_id: str) -> Sequence[str | None]:
        """Return who has published a notification, None for somebody who is not known. Empty: it does not
        exist."""
        return [one for (one,) in await self._database.fetch("publishers", id=notification_id)]

    async def status(self, notification_id: str) -> PushStatus:
        """Return how far the pushes of a notification are.

        `pending`: they are still to be decided about; `waiting`: some wait for single users; `not_pushed`: it
        is not to be pushed, or nobody whom it reaches had a device.
        """
        ((is_pending, is_waiting, is_pushed),) = await self._database.fetch(
            "push_status", id=notification_id, in_targets=f'%"{notification_id}"%'
        )
        if is_pending:
            return "pending"
        if is_waiting:
            return "waiting"
        return "done" if is_pushed else "not_pushed"

    async def page(
        self, notification_id: str, start: ReportPlace, limit: int, *, is_brief: bool = False
    ) -> Sequence[ReportedOutcome]:
        """Read the outcomes from a place on, at most limit, in the order in which they were decided.

        is_brief: whether to say only if users were pushed to, and not why or on which devices.
        """
        found: list[ReportedOutcome] = []
        while True:
            rows = await self._database.fetch(
                "push_report", id=notification_id, push_id=start.push_id, page=start.page, limit=STEP_ROWS
            )
            for push_id, page, created_at, text in rows:
                first = start.number if (push_id, page) == (start.push_id, start.page) else 0
                outcomes = json.loads(text)
                for number, (user_id, device_id, word) in (
                    _brief(outcomes) if is_brief else enumerate(outcomes)
                ):
                    if number < first:
                        continue
                    place = ReportPlace(push_id=push_id, page=page, number=number)
                    found.append(
                        ReportedOutcome(
                            user_id=user_id, device_id=device_id, word=word, at=created_at, place=place
                        )
                    )
            if len(found) >= limit or len(rows) < STEP_ROWS:
                return found[:limit]
            start = ReportPlace(push_id=rows[-1][0], page=rows[-1][1] + 1)


def _brief(outcomes: Sequence[_Outcome]) -> Iterable[tuple[int, _Outcome]]:
    """Return an outcome for each user, `pushed` or `not_pushed`, with the place of the user's first one."""
    pushed = {user_id for user_id, _, word in outcomes if word == "pushed"}
    places: dict[str, int] = {}
    for number, (user_id, _, _) in enumerate(outcomes):
        places.setdefault(user_id, number)
    return [
        (number, (user_id, None, "pushed" if user_id in pushed else "not_pushed"))
        for user_id, number in places.items()
    ]
