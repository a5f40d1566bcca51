"""Inbox: the caller's own notifications: list, counts, marks.

Promise: users read and mark only their own notifications; the id of another user's notification is answered
as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.notifications import responses
from lumen_notify.accept.notifications.bodies import MarkBody, ReadBody
from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.marks.marks import Action, Mark, Marked, Selection
from lumen_notify.commit.notifications.inbox import Inbox, Listed
from lumen_notify.errors import NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import UUID_KEY, NumberCursor
from lumen_notify.http.operation import BOOLEAN, NOTIFICATION_ID, READS, WRITES, Operation, query, ref
from lumen_notify.http.pages import LIMIT, answer_page, fitting
from lumen_notify.http.rate_limits import ITEMS_PER_TOKEN
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import answer, answer_text
from lumen_notify.http.route import ApiRoute, Method, route
from lumen_notify.model import Counts, rfc3339, to_json, value

NEWEST = 2**63 - 1
"""Above every position."""

CURSOR = NumberCursor("notifications", (NEWEST, ""), highest=NEWEST, key=UUID_KEY, is_key_optional=True)
"""By position, then by id, because the notifications of a digest share a position."""

_MARK: TypeAdapter[MarkBody] = TypeAdapter(MarkBody)
_READ: TypeAdapter[ReadBody] = TypeAdapter(ReadBody)

_SUMMARIES: dict[Action, str] = {
    "read": "Mark notifications as read",
    "seen": "Mark notifications as seen",
    "unread": "Mark notifications as unread",
    "archive": "Archive notifications",
    "unarchive": "Move notifications out of the archive",
}


@value
class InboxEndpoints:
    """Lists, counts and marks the caller's notifications."""

    context: Context
    inbox: Inbox
    counts: UnreadCounts

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/notifications",
            GET=(
                self.page,
                Operation(
                    name="listNotifications",
                    tag="inbox",
                    summary="List the caller's notifications, newest first",
                    description=(
                        "Unknown parameters are refused. With filters, a page may have fewer items than "
                        "`limit`, even none, and still a `next_cursor`."
                    ),
                    parameters=(
                        LIMIT,
                        CURSOR.parameter,
                        query("unread", BOOLEAN, "`true`: only unread ones. `false`: only read ones."),
                        query(
                            "archived", BOOLEAN, "`true`: only archived ones. Otherwise they are left out."
                        ),
                        query("category", ref("Category"), "Only those of this category."),
                    ),
                    answered="A page.",
                    response=responses.Notifications,
                    problems=(*READS, "invalid"),
                ),
            ),
        )
        yield route(
            "/notifications/counts",
            GET=(
                self.get_counts,
                Operation(
                    name="getCounts",
                    tag="inbox",
                    summary="Get the caller's unread counts",
                    answered="The counts, and the position in the log at which they are valid.",
                    response=responses.Counts,
                    problems=READS,
                ),
            ),
        )
        for action in _SUMMARIES:
            yield route(f"/notifications/{action}", POST=self._mark(action))
        yield route(
            "/notifications/{id:uuid}",
            GET=(
                self.get,
                Operation(
                    name="getNotification",
                    tag="inbox",
                    summary="Get one of the caller's notifications",
                    parameters=(NOTIFICATION_ID,),
                    answered="The notification.",
                    response=responses.ListedNotification,
                    problems=(*READS, "not_found"),
                ),
            ),
            PUT=(
                self.put,
                Operation(
                    name="markNotification",
                    tag="inbox",
                    summary="Mark one notification as read or unread",
                    parameters=(NOTIFICATION_ID,),
                    body=ReadBody,
                    body_examples={"read": {"value": {"is_read": True}}},
                    answered="The notification after the change.",
                    response=responses.ListedNotification,
                    problems=(*WRITES, "not_found"),
                ),
            ),
        )

    def _mark(self, action: Action) -> Method:
        return self.post_mark(action), Operation(
            name=f"mark{action.capitalize()}",
            tag="inbox",
            summary=_SUMMARIES[action],
            description="Idempotent. All open streams of the caller get an event.",
            body=MarkBody,
            body_examples={
                "all": {"value": {"all": True}},
                "category": {"value": {"category": "like", "up_to": 12}},
            },
            answered="The mark is committed.",
            response=responses.Marked,
            problems=WRITES,
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /notifications`: newest first; archived ones only on request."""
        principal = await self.context.caller(request)
        query = Query(request)
        limit = query.limit()
        before, before_id = CURSOR.read(query)
        category = query.category("category")
        is_unread = query.flag("unread")
        is_archived = query.flag("archived")
        rows, following = await self.inbox.page(
            principal.user_id,
            before=before,
            before_id=before_id,
            limit=limit,
            category=category,
            is_unread=is_unread,
            is_archived=bool(is_archived),
        )
        items = fitting(map(notification_item, rows))
        if len(items) < len(rows):
            last = rows[len(items) - 1]
            following = last.position, last.id
        return answer_page(items, None if following is None else CURSOR.text(*following))

    async def get(self, request: Request) -> Response:
        """Answer `GET /notifications/{id}`."""
        principal = await self.context.caller(request)
        return answer_text(
            notification_item(await self._find(principal.user_id, str(request.path_params["id"])))
        )

    async def put(self, request: Request) -> Response:
        """Answer `PUT /notifications/{id}`: read or unread."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _READ)
        id_ = str(request.path_params["id"])
        await self._find(principal.user_id, id_)
        action: Action = "read" if body.is_read else "unread"
        await self.mark(principal.user_id, action, Selection(ids=(id_,)))
        return answer_text(notification_item(await self._find(principal.user_id, id_)))

    async def get_counts(self, request: Request) -> Response:
        """Answer `GET /notifications/counts`."""
        principal = await self.context.caller(request)
        snapshot = (await self.counts.fetch([principal.user_id]))[principal.user_id]
        return answer(_counts(snapshot.counts, snapshot.position))

    def post_mark(self, action: Action) -> Callable[[Request], Awaitable[Response]]:
        """Make the endpoint of `POST /notifications/{action}`."""

        async def post(request: Request) -> Response:
            principal = await self.context.caller(request)
            body = await self.context.body(request, _MARK)
            selection = selection_of(self.context, request, body)
            return answer_marked(await self.mark(principal.user_id, action, selection))

        return post

    async def mark(self, user_id: str, action: Action, selection: Selection) -> Marked:
        """Commit a mark."""
        command = Mark(user_id=user_id, action=action, selection=selection)
        marked: Marked = await self.context.committer.submit(command)
        return marked

    async def _find(self, user_id: str, id_: str) -> Listed:
        found = await self.inbox.get(user_id, id_)
        if found is None:
            raise NotFound("Notification not found.")
        return found


def selection_of(context: Context, request: Request, body: MarkBody) -> Selection:
    """Return which notifications a body selects; charge the caller for many ids."""
    selection = selection_in(body)
    context.charge(request, len(selection.ids or ()) // ITEMS_PER_TOKEN)
    return selection


def selection_in(body: MarkBody) -> Selection:
    """Return which notifications a body selects."""
    ids = None if body.ids is None else tuple(dict.fromkeys(body.ids))
    return Selection(ids=ids, category=body.category, up_to=body.up_to)


def answer_marked(marked: Marked) -> Response:
    """Answer with what a mark has changed, and the counts after it."""
    counts = _counts(marked.counts, marked.position)
    changed: responses.Marked = {
        "changed": marked.changed,
        "unread_count": counts["unread_count"],
        "unread": counts["unread"],
        "position": counts["position"],
        "unknown": list(marked.unknown),
    }
    return answer(changed)


def _counts(counts: Counts, position: int) -> responses.Counts:
    fields = counts.as_fields()
    return {"unread_count": fields["unread_count"], "unread": fields["unread"], "position": position}


def notification_item(row: Listed) -> str:
    """Return a notification as lists show it: JSON."""
    times = {"seen_at": row.seen_at, "read_at": row.read_at, "archived_at": row.archived_at}
    more: dict[str, Any] = {
        "position": row.position,
        "is_read": row.read_at is not None,
        **{name: None if at is None else rfc3339(at) for name, at in times.items()},
    }
    return f"{row.body[:-1]},{to_json(more)[1:]}"
