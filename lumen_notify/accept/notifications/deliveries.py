"""Deliveries: `GET /notifications/{id}/deliveries`: who was pushed to, and who was not and why.

Promise: callers without a scope learn neither why a user got no push nor which devices they have: the reasons
say who is online, has quiet hours or has blocked the caller, which users may hide.
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.notifications import responses
from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.commit.push.report import PushReports, ReportedOutcome, ReportPlace
from lumen_notify.errors import NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import UUID_KEY, Cursor
from lumen_notify.http.operation import NOTIFICATION_ID, READS, Operation
from lumen_notify.http.pages import LIMIT, fitting
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import answer_text
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import canonical_id, rfc3339, to_json, value

CURSOR = Cursor("deliveries", rf"{UUID_KEY}/[0-9]{{1,9}}/[0-9]{{1,6}}")
"""By push, page of users and place on it."""


@value
class DeliveryEndpoint:
    """Says what became of the pushes of a notification."""

    context: Context
    reports: PushReports

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/notifications/{id:uuid}/deliveries",
            GET=(
                self.page,
                Operation(
                    name="listDeliveries",
                    tag="publish",
                    summary="List who was pushed to, and who was not and why",
                    description=(
                        f"For the publisher of the notification, and for the scope `{ADMIN}`. A publisher "
                        f"without the scope `{PUBLISH}` learns only who was pushed to and who was not: "
                        "`outcome` is `pushed` or `not_pushed`, `device_id` is null, and `status` is not "
                        "`waiting`. A push that is "
                        "decided about again, or tried again, adds an item: the last one of a device, or of "
                        "a user, is what became of it. Users of a room, of a list or of everyone who have no "
                        "device are not listed. Known for LUMEN_RETENTION_PUSH_SECONDS."
                    ),
                    parameters=(NOTIFICATION_ID, LIMIT, CURSOR.parameter),
                    answered="A page, oldest first.",
                    response=responses.Deliveries,
                    problems=(*READS, "invalid", "not_found"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /notifications/{id}/deliveries`. Raises NotFound, also if another user has published
        it."""
        principal = await self.context.caller(request)
        query = Query(request)
        limit, place = query.limit(), _place(CURSOR.place(query))
        id_ = canonical_id(str(request.path_params["id"]))
        publishers = await self.reports.publishers(id_)
        if not publishers or not (ADMIN in principal.scopes or principal.user_id in publishers):
            raise NotFound("No notification has this id, or you have not published it.")
        is_brief = principal.scopes.isdisjoint((ADMIN, PUBLISH))
        status = await self.reports.status(id_)
        if is_brief and status == "waiting":
            status = "done"
        rows = await self.reports.page(id_, place, limit + 1, is_brief=is_brief)
        items = fitting(to_json(_item(row)) for row in rows[:limit])
        following = rows[len(items)].place if len(items) < len(rows) else None
        cursor = None if following is None else CURSOR.at(_text(following))
        return answer_text(
            f'{{"items":[{",".join(items)}],"next_cursor":{to_json(cursor)},"status":"{status}"}}'
        )


def _item(row: ReportedOutcome) -> responses.Delivery:
    return {"user": row.user_id, "device_id": row.device_id, "outcome": row.word, "at": rfc3339(row.at)}


def _place(text: str | None) -> ReportPlace:
    if text is None:
        return ReportPlace()
    push_id, page, number = text.split("/")
    return ReportPlace(push_id=canonical_id(push_id), page=int(page), number=int(number))


def _text(place: ReportPlace) -> str:
    return f"{place.push_id}/{place.page}/{place.number}"
