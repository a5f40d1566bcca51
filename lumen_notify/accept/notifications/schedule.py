"""Schedule: the notifications that the caller has scheduled: list and cancel them.

Promise: a notification scheduled by another user is answered as if it did not exist, unless the caller's
token has `notify:admin`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.notifications import responses
from lumen_notify.auth import ADMIN, Principal
from lumen_notify.commit.notifications.recipients import room_of
from lumen_notify.commit.notifications.schedule import Cancel, Schedule, Scheduled
from lumen_notify.errors import NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import MAX_MS, UUID_KEY, NumberCursor
from lumen_notify.http.operation import NOTIFICATION_ID, READS, WRITES, Operation
from lumen_notify.http.pages import LIMIT, answer_rows
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import EVERYONE, Audience, rfc3339, to_json, value

CURSOR = NumberCursor("scheduled", (0, ""), highest=MAX_MS, key=UUID_KEY)
"""By `deliver_at` in milliseconds, then by id."""


@value
class ScheduleEndpoints:
    """Lists and cancels scheduled notifications."""

    context: Context
    schedule: Schedule

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/notifications/scheduled",
            GET=(
                self.page,
                Operation(
                    name="listScheduled",
                    tag="publish",
                    summary="List scheduled notifications, soonest first",
                    description=f"With the scope `{ADMIN}`, those of all users; else those of the caller.",
                    parameters=(LIMIT, CURSOR.parameter),
                    answered="A page.",
                    response=responses.ScheduledNotifications,
                    problems=(*READS, "invalid"),
                ),
            ),
        )
        yield route(
            "/notifications/{id:uuid}/schedule",
            DELETE=(
                self.delete,
                Operation(
                    name="cancelScheduled",
                    tag="publish",
                    summary="Cancel a scheduled notification",
                    parameters=(NOTIFICATION_ID,),
                    status=204,
                    answered="It will not be published.",
                    problems=(*WRITES, "not_found"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /notifications/scheduled`: soonest first."""
        principal = await self.context.caller(request)
        query = Query(request)
        limit, after = query.limit(), CURSOR.read(query)
        rows = await self.schedule.page(_owner(principal), after=after, limit=limit + 1)
        return answer_scheduled(rows, limit)

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /notifications/{id}/schedule`. Raises NotFound, also if it was already
        published."""
        principal = await self.context.caller(request)
        id_ = str(request.path_params["id"])
        admin = principal.user_id if ADMIN in principal.scopes else None
        if not await self.context.committer.submit(Cancel(id=id_, owner=_owner(principal), admin=admin)):
            raise NotFound("No scheduled notification has this id, or it is not yours.")
        return no_content()


def answer_scheduled(rows: Sequence[Scheduled], limit: int) -> Response:
    """Answer with a page. rows: one more than `limit` if a next page exists."""
    return answer_rows(
        rows,
        limit,
        item=lambda row: to_json(_item(row)),
        cursor=lambda row: CURSOR.text(row.deliver_at, row.id),
    )


def _owner(principal: Principal) -> str | None:
    return None if ADMIN in principal.scopes else principal.user_id


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
        **(one.delivery or {}),
        **({} if one.group_key is None else {"group_key": one.group_key}),
        "deliver_at": rfc3339(row.deliver_at),
        **({} if one.expires_at is None else {"expires_at": rfc3339(one.expires_at)}),
    }
