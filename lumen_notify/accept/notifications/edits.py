"""Edits: `PATCH /notifications/{id}`: the publisher of a notification changes it, for everyone."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.notifications import responses
from lumen_notify.accept.notifications.bodies import NotificationEditBody
from lumen_notify.accept.notifications.deletion import caller_of
from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.commit.publications.edits import Edited, EditNotification
from lumen_notify.errors import NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.operation import NOTIFICATION_ID, WRITES, Operation
from lumen_notify.http.responses import answer
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import from_rfc3339, value

_EDIT: TypeAdapter[NotificationEditBody] = TypeAdapter(NotificationEditBody)


@value
class EditEndpoint:
    """Changes notifications."""

    context: Context

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/notifications/{id:uuid}",
            PATCH=(
                self.patch,
                Operation(
                    name="editNotification",
                    tag="publish",
                    summary="Change a notification that the caller has published",
                    description=(
                        f"Needs the scope `{PUBLISH}`, where publishing it needed it, or `{ADMIN}`. The "
                        "notification keeps its place, and counts stay. Open streams get an event."
                    ),
                    parameters=(NOTIFICATION_ID,),
                    body=NotificationEditBody,
                    body_examples={"content": {"value": {"content": "The kitchen closes at seven"}}},
                    answered="The change is committed.",
                    response=responses.Edited,
                    problems=(*WRITES, "not_found"),
                ),
            ),
        )

    async def patch(self, request: Request) -> Response:
        """Answer `PATCH /notifications/{id}`. Raises NotFound, also if another user has published it."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _EDIT)
        id_ = str(request.path_params["id"])
        given = body.model_dump(exclude_unset=True)
        if body.actions is not None:
            given["actions"] = [action.as_fields() for action in body.actions]
        sets_expiry = "expires_at" in given
        expires_at = given.pop("expires_at", None)
        step = EditNotification(
            id=id_,
            caller=caller_of(principal),
            changes=given,
            expires_at=None if expires_at is None else from_rfc3339(expires_at),
            sets_expiry=sets_expiry,
        )
        found = changed = 0
        while True:
            edited: Edited = await self.context.committer.submit(step)
            found += edited.found
            changed += edited.changed
            if edited.following is None:
                break
            step = edited.following
        if not found:
            raise NotFound("No notification has this id, or you have not published it.")
        answered: responses.Edited = {"id": id_, "changed": changed, "position": edited.position}
        return answer(answered)
