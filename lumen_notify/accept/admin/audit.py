"""Audit: `GET /admin/audit`, what administrators did."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.admin import responses
from lumen_notify.auth import ADMIN
from lumen_notify.commit.audit.audit import ACTIONS, LAST_ID, AuditLog, Entry
from lumen_notify.errors import Invalid
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import UUID_KEY, Cursor
from lumen_notify.http.fields import UserId, line_schema
from lumen_notify.http.operation import READS, Operation, query
from lumen_notify.http.pages import LIMIT, answer_items
from lumen_notify.http.requests import Query
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import canonical_id, rfc3339, value

CURSOR = Cursor("audit", UUID_KEY)
"""By id, which has the time."""

MAX_TARGET_CHARACTERS = 160
"""Of a kind, a colon and the longest id."""


@value
class AuditEndpoint:
    """Lists what administrators did."""

    context: Context
    audit_log: AuditLog

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/admin/audit",
            GET=(
                self.page,
                Operation(
                    name="adminListAudit",
                    tag="admin",
                    summary="List what administrators did",
                    description=(
                        f"Needs the scope `{ADMIN}`. No route changes the log, and retention alone deletes "
                        "from it. With several filters, a page may be shorter than its limit, and empty, "
                        "although more follow."
                    ),
                    parameters=(
                        LIMIT,
                        CURSOR.parameter,
                        query("actor", UserId, "Only what this user did."),
                        query("action", {"type": "string", "enum": list(ACTIONS)}, "Only this action."),
                        query(
                            "target",
                            line_schema(MAX_TARGET_CHARACTERS, 1),
                            "Only what was done to this target, such as `user:bob`.",
                        ),
                    ),
                    answered="A page, newest first.",
                    response=responses.AuditEntries,
                    problems=(*READS, "invalid", "forbidden"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /admin/audit`: newest first."""
        await self.context.admin(request)
        query = Query(request)
        rows, before = await self.audit_log.page(
            before=canonical_id(CURSOR.place(query) or LAST_ID),
            limit=query.limit(),
            actor=query.user("actor"),
            action=_action(query),
            target=query.line("target", MAX_TARGET_CHARACTERS, 1),
        )
        return answer_items(rows, before, item=_item, cursor=CURSOR, key=_id)


def _id(row: Entry) -> str:
    return row.id


def _action(query: Query) -> str | None:
    text = query.text("action")
    if text is not None and text not in ACTIONS:
        raise Invalid(f"must be one of {', '.join(ACTIONS)}", field="action")
    return text


def _item(row: Entry) -> responses.AuditEntry:
    return {
        "id": row.id,
        "at": rfc3339(row.at),
        "actor": row.actor,
        "action": row.action,
        "target": row.target,
        "details": dict(row.details),
    }
