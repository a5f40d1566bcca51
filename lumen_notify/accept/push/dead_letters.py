"""Dead letters: `GET /push/dead-letters`, and a retry of one; for admins."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.push import responses
from lumen_notify.auth import ADMIN
from lumen_notify.commit.devices.devices import NEWEST
from lumen_notify.commit.push.dead_letters import DeadLetters, RetryDeadLetter, StoredDeadLetter
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import UUID_KEY, Cursor
from lumen_notify.http.operation import OF_BODIES, READS, WRITES, Operation, path
from lumen_notify.http.pages import LIMIT, answer_rows
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import answer
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import canonical_id, rfc3339, to_json, value

CURSOR = Cursor("dead letters", UUID_KEY)
"""By id, which has the time."""

_ID = path("id", {"type": "string", "format": "uuid"}, "The dead letter's id.")


@value
class DeadLetterEndpoints:
    """Lists the pushes that were given up, and tries one again."""

    context: Context
    dead_letters: DeadLetters

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/push/dead-letters",
            GET=(
                self.page,
                Operation(
                    name="listDeadLetters",
                    tag="devices",
                    summary="List the pushes that were given up",
                    description=(
                        f"Needs the scope `{ADMIN}`. A push is given up when its provider refuses it, or if "
                        "it could not be handed over before it expired or for a day."
                    ),
                    parameters=(LIMIT, CURSOR.parameter),
                    answered="A page, newest first.",
                    response=responses.DeadLetters,
                    problems=(*READS, "invalid", "forbidden"),
                ),
            ),
        )
        yield route(
            "/push/dead-letters/{id}/retry",
            POST=(
                self.retry,
                Operation(
                    name="retryDeadLetter",
                    tag="devices",
                    summary="Try a push again",
                    description=(
                        f"Needs the scope `{ADMIN}`. The push is decided about again: it is not handed over "
                        "if the user has read the notification, or if the device was deleted. The dead "
                        "letter is deleted; a new one is written if the push is given up again."
                    ),
                    parameters=(_ID,),
                    answered="The dead letter, which is deleted: its push is due.",
                    response=responses.DeadLetter,
                    problems=(*OF_BODIES, *WRITES, "forbidden", "not_found"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /push/dead-letters`: newest first."""
        await self.context.admin(request)
        query = Query(request)
        limit = query.limit()
        before = canonical_id(CURSOR.place(query) or NEWEST)
        rows = await self.dead_letters.page(before=before, limit=limit + 1)
        return answer_rows(
            rows, limit, item=lambda row: to_json(_item(row)), cursor=lambda row: CURSOR.at(row.id)
        )

    async def retry(self, request: Request) -> Response:
        """Answer `POST /push/dead-letters/{id}/retry`. Raises NotFound."""
        principal = await self.context.admin(request)
        await self.context.no_body(request)
        id_ = canonical_id(request.path_params["id"])
        command = RetryDeadLetter(id=id_, admin=principal.user_id)
        return answer(_item(await self.context.committer.submit(command)))


def _item(row: StoredDeadLetter) -> responses.DeadLetter:
    return {
        "id": row.id,
        "notification_id": row.notification_id or None,
        "user_id": row.user_id,
        "device_id": row.device_id,
        "provider": row.provider,
        "reason": row.reason,
        "created_at": rfc3339(row.created_at),
    }
