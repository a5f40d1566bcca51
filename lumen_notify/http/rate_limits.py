"""Rate limits: what each request of one user costs, and how much of each kind they may do.

Only a flood reaches these limits. A request takes one token, a large one more: one per room member,
recipient or mention, one per ITEMS_PER_TOKEN ids or categories, and one per BYTES_PER_TOKEN of the body
(`Context.charge`). A user who has a token left may make a request of any legal size, and then waits until the
bucket has made up for it.

Tokens with the scope `notify:publish` or `notify:admin` belong to your application: they are not limited.
`LUMEN_RATE_LIMITS=off` turns all limits off.

Other limits: `commit/budget` (a transaction), `commit/notifications/limits` (senders, recipients),
`commit/accounts/attempts` (log-ins).

Not here: the counting (`rate_limiter`).
"""

from __future__ import annotations

from collections.abc import Mapping

from lumen_notify.http.operation import Operation
from lumen_notify.model import value
from lumen_notify.rates import Rate

BYTES_PER_TOKEN = 4096
ITEMS_PER_TOKEN = 20


@value
class RateLimit:
    """A limit on requests of one kind, for each user. name: in problem documents. of: what is counted, for
    people."""

    name: str
    rate: Rate
    of: str


MESSAGES = RateLimit(
    name="messages",
    rate=Rate(300, "minute", at_once=60),
    of="messages sent, edited or deleted, and users mentioned",
)
PUBLISHES = RateLimit(
    name="publishes",
    rate=Rate(60, "minute", at_once=30),
    of="notifications published without the scope notify:publish, edited or cancelled",
)
MARKS = RateLimit(
    name="marks", rate=Rate(300, "minute", at_once=60), of="marks of notifications and rooms, and deletions"
)
ROOMS = RateLimit(
    name="rooms",
    rate=Rate(60, "minute", at_once=60),
    of="rooms created, renamed or deleted, and members added, changed, removed or banned",
)
TYPING = RateLimit(name="typing", rate=Rate(300, "minute", at_once=60), of="typing indicators")
PREFERENCES = RateLimit(
    name="preferences", rate=Rate(60, "minute", at_once=30), of="changes of preferences and blocks"
)
ACCOUNTS = RateLimit(name="accounts", rate=Rate(30, "minute", at_once=10), of="changes of the account")
STREAMS = RateLimit(
    name="streams", rate=Rate(60, "minute", at_once=60), of="streams opened or renewed, and tickets"
)
LISTS = RateLimit(name="lists", rate=Rate(300, "minute", at_once=60), of="pages of lists")
READS = RateLimit(name="reads", rate=Rate(600, "minute", at_once=120), of="other reads")
WRITES = RateLimit(name="writes", rate=Rate(60, "minute", at_once=30), of="other writes")

ALL = (
    MESSAGES,
    PUBLISHES,
    MARKS,
    ROOMS,
    TYPING,
    PREFERENCES,
    ACCOUNTS,
    STREAMS,
    LISTS,
    READS,
    WRITES,
)

_OPERATIONS: Mapping[RateLimit, tuple[str, ...]] = {
    MESSAGES: ("sendMessage", "editMessage", "deleteMessage", "sendDirectMessage"),
    PUBLISHES: ("publish", "editNotification", "cancelScheduled", "cancelScheduledInRoom"),
    MARKS: (
        *("markRead", "markSeen", "markUnread", "markArchive", "markUnarchive", "markNotification"),
        *("deleteNotification", "deleteNotifications"),
        *("markRoomRead", "markRoomsRead"),
    ),
    ROOMS: (
        *("createRoom", "updateRoom", "deleteRoom", "addMembers", "setMember", "removeMember"),
        *("banUser", "unbanUser"),
    ),
    TYPING: ("setTyping",),
    PREFERENCES: ("updatePreferences", "blockUser", "unblockUser"),
    ACCOUNTS: ("changePassword", "updateAccount", "logOutEverywhere"),
    STREAMS: ("openStream", "openAdminStream", "renewStreams", "createStreamTicket"),
    LISTS: (
        *("listNotifications", "listScheduled", "listRooms", "listMembers", "listBans", "listMessages"),
        *("listReadMarks", "listBlocks", "listCategories", "listScheduledInRoom", "getPreferences"),
        *("listPresence", "listDevices"),
    ),
}
"""The operations of each limit; others count as READS or WRITES."""

_BY_OPERATION = {name: limit for limit, names in _OPERATIONS.items() for name in names}


def limit_of(method: str, operation: Operation) -> RateLimit | None:
    """Return the limit of an operation; None for those without a user."""
    if not operation.credentials:
        return None
    return _BY_OPERATION.get(operation.name, READS if method == "GET" else WRITES)
