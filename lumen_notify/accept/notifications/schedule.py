"""Scheduling: what the caller has scheduled: list, cancel.

Promise: what somebody else has scheduled is answered as if there were no such thing, unless the caller's
token has `notify:admin`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.auth import ADMIN, Principal, Verifier
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.notifications.recipients import room_of
from lumen_notify.commit.notifications.schedule import Cancel, Schedule, Scheduled
from lumen_notify.errors import Invalid, NotFound
from lumen_notify.http.requests import DEFAULT_PAGE, MAX_PAGE, Query, caller
from lumen_notify.http.responses import answer
from lumen_notify.model import EVERYONE, Audience, rfc3339, value

_CURSOR = re.compile(r"([0-9]{1,15})-([0-9a-f-]{36})\Z")


@value
class Scheduling:
    """What a publisher does with what waits for its time."""

    verifier: Verifier
    committer: Committer
    schedule: Schedule

    async def page(self, request: Request) -> Response:
        """Answer `GET /notifications/scheduled`: the next to leave first."""
        principal = await caller(request, self.verifier)
        query = Query(request)
        limit = query.number("limit", default=DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
        after = _after(query.text("cursor"))
        query.done()
        rows = await self.schedule.page(_owner(principal), after=after, limit=limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        page = {
            "items": [_item(row) for row in rows[:limit]],
            "next_cursor": None if last is None else f"{last.deliver_at}-{last.id}",
        }
        return answer(page)

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /notifications/scheduled/{id}`. Raises NotFound, also when it has left."""
        principal = await caller(request, self.verifier)
        id_ = str(request.path_params["id"])
        if not await self.committer.submit(Cancel(id=id_, owner=_owner(principal))):
            raise NotFound("nothing that you may cancel is scheduled by this id")
        return answer({"id": id_, "status": "cancelled"})


def _owner(principal: Principal) -> str | None:
    return None if ADMIN in principal.scopes else principal.user_id


def _after(cursor: str | None) -> tuple[int, str]:
    if cursor is None:
        return (0, "")
    found = _CURSOR.match(cursor)
    if found is None:
        raise Invalid("must be the next_cursor of the page before", field="cursor")
    return (int(found[1]), found[2])


def _to(audiences: Sequence[Audience]) -> dict[str, Any]:
    if audiences == (EVERYONE,):
        return {"all": True}
    if (room_id := room_of(audiences)) is not None:
        return {"room": room_id}
    return {"users": [audience.user_id for audience in audiences]}


def _item(row: Scheduled) -> dict[str, Any]:
    one = row.publication
    return {
        "id": row.id,
        "to": _to(one.audiences),
        "category": one.category,
        **one.fields,
        **({} if one.group_key is None else {"group_key": one.group_key}),
        "deliver_at": rfc3339(row.deliver_at),
        **({} if one.expires_at is None else {"expires_at": rfc3339(one.expires_at)}),
    }
