"""Frames: an event as bytes on the wire, once per event; only the counts differ by user.

A frame is kept as head and tail; what stands between them is the reader's own unread numbers. What
comes out is one HTTP/1.1 chunk (RFC 9112, section 7.1) that holds one event (HTML, section 9.2.6).

| kind of event | frame | shows |
|---|---|---|
| notification | no `event:` line, so `onmessage` gets it | unread_count |
| read, seen, unread, archive, unarchive | named by its kind | unread_count and unread |
| expire: notifications that are gone | named by its kind | unread_count and unread |

Control frames have no event behind them: `ready`, `ping`, `reset`, `expiring`, `closing`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lumen_notify.model import CloseReason, Counts, Event, to_json

MAX_REMEMBERED = 256
"""Encodings kept per frame: users with the same count share the bytes."""

LAST_CHUNK = b"0\r\n\r\n"
"""Ends a chunked body."""


def chunk(payload: bytes) -> bytes:
    """Wrap a payload as one HTTP/1.1 chunk."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def unchunk(chunks: bytes) -> bytes:
    """Take the payload out of whole chunks, for a transport that frames bodies by itself."""
    payloads = []
    at = 0
    while at < len(chunks):
        begin = chunks.index(b"\n", at) + 1
        end = begin + int(chunks[at : begin - 2], 16)
        payloads.append(chunks[begin:end])
        at = end + 2
    return b"".join(payloads)


class Counters:
    """One user's unread numbers, moved along by frames."""

    __slots__ = ("categories", "rooms")

    def __init__(self, counts: Counts, later: Iterable[Frame] = ()) -> None:
        self._state(counts.categories, counts.rooms)
        for frame in later:
            self.apply(frame)

    @property
    def total(self) -> int:
        """All that is unread."""
        return sum(self.categories.values()) + sum(self.rooms.values())

    def apply(self, frame: Frame) -> None:
        """Follow the log by one event: one more of its category, or the numbers that it states."""
        if frame.stated is not None:
            self._state(frame.stated.categories, frame.stated.rooms)
        elif frame.category is not None:
            self.categories[frame.category] = self.categories.get(frame.category, 0) + 1

    def as_fields(self) -> dict[str, Any]:
        """Shape for the wire: `{unread_count, unread: {categories, rooms}}`."""
        unread = {"categories": self.categories, "rooms": self.rooms}
        return {"unread_count": self.total, "unread": unread}

    def _state(self, categories: Mapping[str, int], rooms: Mapping[str, int]) -> None:
        self.categories = dict(categories)
        self.rooms = dict(rooms)


class Frame:
    """One event, ready to be shown to anybody it concerns.

    stated: the numbers that the event sets, None if it counts as one more of `category`. stated_total:
    their sum, None likewise. encoded: chunks made so far, by the count that they show.
    """

    __slots__ = (
        "_head",
        "_openings",
        "_tail",
        "audience",
        "category",
        "encoded",
        "position",
        "stated",
        "stated_total",
    )

    def __init__(self, event: Event, epoch: str) -> None:
        self.position = event.position
        self.audience = event.audience
        self.category = event.category
        self.stated: Counts | None = None
        self.stated_total: int | None = None
        self.encoded: dict[int, bytes] = {}
        self._openings: dict[int, bytes] = {}
        if event.kind == "notification":
            self._head = (
                f'id: {epoch}-{event.position}\ndata: {{"type":{to_json(event.category)},"unread_count":'
            ).encode()
            self._tail = f',"data":{event.body}}}\n\n'.encode()
            return
        body = json.loads(event.body)
        self.stated = Counts(position=event.position, categories=body["categories"], rooms=body["rooms"])
        self.stated_total = self.stated.total
        self._head = f"id: {epoch}-{event.position}\nevent: {event.kind}\ndata: ".encode()
        self._tail = f',"data":{to_json(body["data"])}}}\n\n'.encode()

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory and on the wire."""
        return len(self._head) + len(self._tail)

    def encode(self, total: int) -> bytes:
        """Make the chunk for a user who has `total` unread at this event."""
        known = self.encoded.get(total)
        if known is None:
            known = self._encode(total)
            if len(self.encoded) < MAX_REMEMBERED:
                self.encoded[total] = known
        return known

    def forget_encodings(self) -> None:
        """Drop what was remembered, once the fan-out is over: frames are kept long for replay."""
        self.encoded.clear()
        self._openings.clear()

    def encode_again(self, counters: Counters) -> bytes:
        """Make the chunk for a replay: with the numbers of now, not of then."""
        if self.stated is None:
            return self._encode(counters.total)
        return self._encode_all(counters)

    def _encode(self, total: int) -> bytes:
        if self.stated is not None:
            return self._encode_all(Counters(self.stated))
        digits = b"%d" % total
        opening = self._openings.get(len(digits))
        if opening is None:  # the chunk's size and the head, for numbers of so many digits
            size = len(self._head) + len(digits) + len(self._tail)
            opening = self._openings[len(digits)] = b"%x\r\n%b" % (size, self._head)
        return b"".join((opening, digits, self._tail, b"\r\n"))

    def _encode_all(self, counters: Counters) -> bytes:
        fields = to_json(counters.as_fields())[:-1].encode()
        return chunk(b"%b%b%b" % (self._head, fields, self._tail))


def _control(name: str, fields: Mapping[str, Any], *, id_: str | None = None, retry_ms: int = 0) -> bytes:
    lines = [f"event: {name}", f"data: {to_json(fields)}"]
    if id_ is not None:
        lines.insert(0, f"id: {id_}")
    if retry_ms:
        lines.insert(0, f"retry: {retry_ms}")
    return chunk(("\n".join(lines) + "\n\n").encode())


def retry(retry_ms: int) -> bytes:
    """The first bytes of a stream: how long a client waits before it comes back."""
    return chunk(b"retry: %d\n\n" % retry_ms)


def ready(
    connection_id: str, counters: Counters, *, id_: str | None, is_recovered: bool, replayed: int
) -> bytes:
    """The stream is set. id_: the newest, None if events are about to be replayed."""
    fields = {
        "connection_id": connection_id,
        **counters.as_fields(),
        "recovered": is_recovered,
        "replayed": replayed,
    }
    return _control("ready", fields, id_=id_)


def reset(counters: Counters, *, id_: str) -> bytes:
    """The cursor cannot be served: fetch the list again. id_: the newest."""
    return _control("reset", counters.as_fields(), id_=id_)


def ping(id_: str) -> bytes:
    """Nothing happened. id_: the newest, so that an idle client's cursor stays fresh."""
    return _control("ping", {}, id_=id_)


def expiring(seconds: int) -> bytes:
    """The token ends soon: renew. seconds: how soon, at least 0."""
    return _control("expiring", {"seconds": seconds})


def closing(reason: CloseReason, retry_ms: int) -> bytes:
    """The stream ends now. retry_ms: when to come back, if at all."""
    return _control("closing", {"reason": reason.word, "reconnect": reason.reconnect}, retry_ms=retry_ms)
