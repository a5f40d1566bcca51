"""Deletion: users delete notifications from their own list; publishers take theirs back from everyone's.

`DELETE /notifications/{id}` is one route for both:

| `for` | the caller | |
|---|---|---|
| left out | is its publisher | takes it back |
| left out | is not | deletes it from their own list |
| `everyone` | must be its publisher | takes it back |
| `me` | any user | deletes it from their own list |

Promise: the id of a notification that the caller neither sees nor has published is answered as if it did not
exist.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.notifications import responses
from lumen_notify.accept.notifications.bodies import MarkBody
from lumen_notify.accept.notifications.inbox import answer_marked, selection_of
from lumen_notify.auth import ADMIN, PUBLISH, Principal
from lumen_notify.commit.marks.marks import Marked, Selection
from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.publications.deletion import Deleted, DeleteOwn
from lumen_notify.commit.publications.retraction import Retract, Retracted
from lumen_notify.errors import Invalid, NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.fields import UserId
from lumen_notify.http.operation import NOTIFICATION_ID, WRITES, Operation, query
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value

_MARK: TypeAdapter[MarkBody] = TypeAdapter(MarkBody)

_WHOSE = ("me", "everyone")


def caller_of(principal: Principal) -> Caller:
    """Return what the caller may change."""
    return Caller(
        user_id=principal.user_id,
        may_publish=PUBLISH in principal.scopes,
        is_admin=ADMIN in principal.scopes,
    )


@value
class DeletionEndpoints:
    """Deletes notifications."""

    context: Context

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/notifications/delete",
            POST=(
                self.post,
                Operation(
                    name="deleteNotifications",
                    tag="inbox",
                    summary="Delete notifications from the caller's list",
                    description="Idempotent. Others keep theirs. The caller's open streams get an event.",
                    body=MarkBody,
                    body_examples={"all": {"value": {"all": True}}},
                    answered="The deletion is committed.",
                    response=responses.Marked,
                    problems=WRITES,
                ),
            ),
        )
        yield route(
            "/notifications/{id:uuid}",
            DELETE=(
                self.delete,
                Operation(
                    name="deleteNotification",
                    tag="inbox",
                    summary="Delete a notification from the caller's list, or take it back from everyone",
                    description=(
                        "By default its publisher takes it back, and any other caller deletes it from their "
                        f"own list. Its publisher is the user whose token published it, with the scope "
                        f"`{PUBLISH}` or where no scope was needed; with the scope `{ADMIN}`, any caller."
                    ),
                    parameters=(
                        NOTIFICATION_ID,
                        query(
                            "for",
                            {"type": "string", "enum": list(_WHOSE)},
                            "`me`: delete it from the caller's own list. `everyone`: take it back.",
                        ),
                        query(
                            "sender",
                            UserId,
                            "Take back only what has this sender: of a group, their part.",
                        ),
                    ),
                    status=204,
                    answered="It is deleted.",
                    problems=(*WRITES, "not_found"),
                ),
            ),
        )

    async def post(self, request: Request) -> Response:
        """Answer `POST /notifications/delete`."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _MARK)
        selection = selection_of(self.context, request, body)
        return answer_marked(await self.delete_own(principal.user_id, selection))

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /notifications/{id}`. Raises NotFound."""
        principal = await self.context.caller(request)
        asked = Query(request)
        whose, sender = asked.text("for"), asked.user("sender")
        if whose not in (None, *_WHOSE):
            raise Invalid("must be me or everyone", field="for")
        if sender is not None and whose == "me":
            raise Invalid("may not be used with for=me", field="sender")
        id_ = str(request.path_params["id"])
        if whose != "me" and await self._retract(id_, caller_of(principal), sender):
            return no_content()
        if whose != "everyone" and sender is None:
            deleted = await self.delete_own(principal.user_id, Selection(ids=(id_,)))
            if not deleted.unknown:
                return no_content()
        raise NotFound("Notification not found.")

    async def delete_own(self, user_id: str, selection: Selection) -> Marked:
        """Delete from a user's list, step by step."""
        changed = 0
        step = DeleteOwn(user_id=user_id, selection=selection)
        while True:
            deleted: Deleted = await self.context.committer.submit(step)
            changed += deleted.changed
            if deleted.following is None:
                return Marked(
                    changed=changed, counts=deleted.counts, position=deleted.position, unknown=deleted.unknown
                )
            step = deleted.following

    async def _retract(self, id_: str, caller: Caller, sender: str | None) -> bool:
        """Take a notification back, step by step; return whether the caller had published any of it."""
        found = False
        step: Retract | None = Retract(id=id_, caller=caller, sender=sender)
        while step is not None:
            retracted: Retracted = await self.context.committer.submit(step)
            found = found or retracted.number > 0
            step = retracted.following
        return found
