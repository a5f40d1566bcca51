"""Inbox: the caller's own notifications: list, counts, marks.

Promise: nobody reads or marks another user's rows; an id that is not the caller's is answered as if
there were no such thing.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.notifications.bodies import MarkBody, ReadBody
from lumen_notify.auth import Verifier
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.notifications.inbox import Inbox, Listed
from lumen_notify.commit.notifications.marks import Action, Mark, Marked, Selection
from lumen_notify.errors import Invalid, NotFound
from lumen_notify.http.requests import DEFAULT_PAGE, MAX_PAGE, Query, caller, parse, read_body
from lumen_notify.http.responses import answer, answer_text
from lumen_notify.model import rfc3339, to_json, value

NEWEST = 2**63 - 1
"""Above every position."""

_CURSOR = re.compile(r"([0-9]{1,19})(?:-([0-9a-f-]{36}))?\Z", re.ASCII)

_MARK: TypeAdapter[MarkBody] = TypeAdapter(MarkBody)
_READ: TypeAdapter[ReadBody] = TypeAdapter(ReadBody)


@value
class InboxEndpoints:
    """What a user does with his notifications. max_batch_rows: ids in one mark."""

    verifier: Verifier
    committer: Committer
    inbox: Inbox
    counts: UnreadCounts
    max_body_bytes: int
    max_batch_rows: int

    async def page(self, request: Request) -> Response:
        """Answer `GET /notifications`: newest first; the archived only if they are asked for."""
        principal = await caller(request, self.verifier)
        query = Query(request)
        limit = query.number("limit", default=DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
        before, before_id = _before(query.text("cursor"))
        category = query.category("category")
        is_unread = query.flag("unread")
        is_archived = query.flag("archived")
        query.done()
        rows = await self.inbox.page(
            principal.user_id,
            before=before,
            before_id=before_id,
            limit=limit + 1,
            category=category,
            is_unread=is_unread,
            is_archived=bool(is_archived),
        )
        items = ",".join(map(_item, rows[:limit]))
        next_cursor = to_json(_cursor(rows[limit - 1], rows[limit]) if len(rows) > limit else None)
        return answer_text(f'{{"items":[{items}],"next_cursor":{next_cursor}}}')

    async def get(self, request: Request) -> Response:
        """Answer `GET /notifications/{id}`."""
        principal = await caller(request, self.verifier)
        return answer_text(_item(await self._find(principal.user_id, str(request.path_params["id"]))))

    async def put(self, request: Request) -> Response:
        """Answer `PUT /notifications/{id}`: read, or unread again."""
        principal = await caller(request, self.verifier)
        body = parse(_READ, await read_body(request, self.max_body_bytes))
        id_ = str(request.path_params["id"])
        await self._find(principal.user_id, id_)
        action: Action = "read" if body.is_read else "unread"
        await self.mark(principal.user_id, action, Selection(ids=(id_,)))
        return answer_text(_item(await self._find(principal.user_id, id_)))

    async def unread(self, request: Request) -> Response:
        """Answer `GET /notifications/unread`."""
        principal = await caller(request, self.verifier)
        snapshot = (await self.counts.fetch([principal.user_id]))[principal.user_id]
        return answer({**snapshot.counts.as_fields(), "position": snapshot.position})

    def post_mark(self, action: Action) -> Callable[[Request], Awaitable[Response]]:
        """Make the endpoint of `POST /notifications/{action}`."""

        async def post(request: Request) -> Response:
            principal = await caller(request, self.verifier)
            context = {"max_ids": self.max_batch_rows}
            body = parse(_MARK, await read_body(request, self.max_body_bytes), context)
            ids = None if body.ids is None else tuple(dict.fromkeys(body.ids))
            selection = Selection(ids=ids, category=body.category, up_to=body.up_to)
            marked = await self.mark(principal.user_id, action, selection)
            fields: dict[str, Any] = {
                "changed": marked.changed,
                **marked.counts.as_fields(),
                "position": marked.position,
            }
            return answer(fields)

        return post

    async def mark(self, user_id: str, action: Action, selection: Selection) -> Marked:
        """Commit a mark."""
        marked: Marked = await self.committer.submit(
            Mark(user_id=user_id, action=action, selection=selection)
        )
        return marked

    async def _find(self, user_id: str, id_: str) -> Listed:
        found = await self.inbox.get(user_id, id_)
        if found is None:
            raise NotFound("there is no such notification for you")
        return found


def _before(cursor: str | None) -> tuple[int, str]:
    if cursor is None:
        return NEWEST, ""
    found = _CURSOR.match(cursor)
    if found is None or int(found[1]) > NEWEST:
        raise Invalid("must be the next_cursor of the page before", field="cursor")
    return int(found[1]), found[2] or ""


def _cursor(last: Listed, following: Listed) -> str:
    """Say where to go on. Those of a bundle share a position: between them the id decides."""
    position = str(last.position)
    return f"{position}-{last.id}" if following.position == last.position else position


def _item(row: Listed) -> str:
    times = {"seen_at": row.seen_at, "read_at": row.read_at, "archived_at": row.archived_at}
    more: dict[str, Any] = {
        "position": row.position,
        "is_read": row.read_at is not None,
        **{name: None if at is None else rfc3339(at) for name, at in times.items()},
    }
    return f"{row.body[:-1]},{to_json(more)[1:]}"
