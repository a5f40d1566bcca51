"""Operations of a user's own notifications."""

from __future__ import annotations

from lumen_notify.api.openapi.operation import Operation, query
from lumen_notify.api.openapi.operations.shared import FLAG, ID, PAGE_LIMIT, READS, WRITES, page_cursor
from lumen_notify.api.openapi.schema import ref
from lumen_notify.commit.notifications.marks import Action

LIST = Operation(
    name="listNotifications",
    tag="inbox",
    summary="List the caller's notifications, newest first",
    description="Unknown parameters are refused.",
    parameters=(
        PAGE_LIMIT,
        page_cursor({"type": "string", "pattern": "^[0-9]{1,18}(-[0-9a-f-]{36})?$"}),
        query("unread", FLAG, "Only those that are unread, or only those that are not."),
        query("archived", FLAG, "`true`: only the archived; else these are left out."),
        query("category", ref("Category"), "Only those of this category."),
    ),
    answered="A page.",
    answer=ref("Notifications"),
    problems=(*READS, "invalid"),
)

GET = Operation(
    name="getNotification",
    tag="inbox",
    summary="Get one of the caller's notifications",
    parameters=(ID,),
    answered="The notification.",
    answer=ref("ListedNotification"),
    problems=(*READS, "not_found"),
)

PUT = Operation(
    name="putNotification",
    tag="inbox",
    summary="Mark one as read, or as unread again",
    parameters=(ID,),
    body=ref("ReadBody"),
    body_examples={"read": {"value": {"is_read": True}}},
    answered="The notification as it is now.",
    answer=ref("ListedNotification"),
    problems=(*WRITES, "not_found"),
)

UNREAD = Operation(
    name="countUnread",
    tag="inbox",
    summary="Count what is unread",
    answered="The numbers, and the place in the log at which they hold.",
    answer=ref("Counts"),
    problems=READS,
)

_MARKS: dict[Action, str] = {
    "read": "Mark as read",
    "seen": "Mark as seen",
    "unread": "Mark as unread again",
    "archive": "Archive: out of the list, and not unread",
    "unarchive": "Take back out of the archive",
}


def mark(action: Action) -> Operation:
    """Describe `POST /notifications/{action}`."""
    return Operation(
        name=f"mark{action.capitalize()}",
        tag="inbox",
        summary=_MARKS[action],
        description="What is so already stays so. All of the caller's open streams are told.",
        body=ref("MarkBody"),
        body_examples={
            "all": {"value": {"all": True}},
            "category": {"value": {"category": "like", "up_to": 12}},
        },
        answered="The mark is committed.",
        answer=ref("Marked"),
        problems=WRITES,
    )
