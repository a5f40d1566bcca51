"""Operations of the stream and what belongs to it."""

from __future__ import annotations

from lumen_notify.api.openapi.operation import Operation, header, query
from lumen_notify.api.openapi.schema import ref
from lumen_notify.auth import TICKET_SECONDS
from lumen_notify.deliver.streams.endpoint import COOKIE, DEVICES

_CURSOR = {"type": "string"}

STREAM = Operation(
    name="openStream",
    tag="stream",
    summary="Open the stream",
    description=(
        "Notifications and marks as they happen, after what was missed since the cursor. Too many streams, "
        "and a database that is down, are answered by 200 and the event `closing`: an `EventSource` never "
        "comes back after another status."
    ),
    credentials=("token", "ticket", "bearer", "cookie"),
    parameters=(
        header("Last-Event-ID", _CURSOR, "The last `id` seen: where to go on from. Without it: from now."),
        query("last_event_id", _CURSOR, "The same, for a client that cannot send the header."),
        query("lastEventId", _CURSOR, "The same, as polyfills of `EventSource` name it."),
        query("device", {"type": "string", "enum": list(DEVICES)}, "What it runs on."),
    ),
    answered="The stream, open until one of both ends it.",
    answer=ref("Event"),
    media_type="text/event-stream",
    headers=(
        ("Set-Cookie", f"`{COOKIE}`, HttpOnly, SameSite=Strict; only when a ticket opened the stream."),
    ),
    problems=("invalid",),
)

TICKET = Operation(
    name="makeTicket",
    tag="stream",
    summary="Change the token for a ticket",
    description=f"Put it in the stream's URL; it opens streams for {TICKET_SECONDS} seconds.",
    status=201,
    answered="The ticket.",
    answer=ref("Ticket"),
)

RENEW = Operation(
    name="renewStreams",
    tag="stream",
    summary="Let the caller's open streams live as long as this token",
    answered="How many streams gained by it.",
    answer=ref("Renewed"),
)

CONNECTIONS = Operation(
    name="listConnections",
    tag="stream",
    summary="List the caller's open streams",
    answered="All of them that this process holds.",
    answer=ref("Connections"),
)
