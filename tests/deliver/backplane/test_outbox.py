"""Outbox: what waits is bounded, and goes in few payloads."""

from __future__ import annotations

from lumen_notify.deliver.backplane import outbox as module
from lumen_notify.deliver.backplane.outbox import Outbox
from lumen_notify.deliver.backplane.payload import Payload, decode
from lumen_notify.model import Audience, Event

from ..fakes import FakeClock


def events(first: int, last: int, size_bytes: int = 2) -> list[Event]:
    return [
        Event(
            position=position,
            audience=Audience("all"),
            kind="k",
            category=None,
            body="x" * size_bytes,
            created_at=1,
        )
        for position in range(first, last + 1)
    ]


def outbox_of(clock: FakeClock | None = None, *, has_events: bool = True, limit: int = 7900) -> Outbox:
    return Outbox("me", max_payload_bytes=limit, has_events=has_events, clock=clock or FakeClock())


def taken(outbox: Outbox) -> list[Payload]:
    found = [decode(text) for text in outbox.take()]
    assert outbox.is_empty
    assert outbox.waiting_bytes == 0
    return found


def test_contiguous_events_go_together_and_a_gap_begins_another_payload() -> None:
    outbox = outbox_of()
    outbox.add_events(events(1, 2), None)
    outbox.add_events(events(3, 3), "abc")
    outbox.add_events(tuple(events(7, 8)), "def")
    first, second = taken(outbox)
    assert (first.events, first.follows) == (tuple(events(1, 3)), None)
    assert (second.events, second.follows) == (tuple(events(7, 8)), "def")


def test_only_the_newest_position_goes_where_events_do_not() -> None:
    outbox = outbox_of(has_events=False)
    for position in range(1, 100):
        outbox.add_events(events(position, position), None)
    assert taken(outbox) == [Payload(sender="me", head=99)]


def test_events_that_are_too_large_or_too_many_are_replaced_by_their_position() -> None:
    outbox = outbox_of()
    outbox.add_events(events(1, 1, 8000), None)
    assert taken(outbox) == [Payload(sender="me", head=1)]
    for position in range(1, 1000):
        outbox.add_events(events(position, position, 10_000), None)
    assert outbox.waiting_bytes <= 1024 * 1024
    assert max(payload.head for payload in taken(outbox)) == 999


def test_events_become_a_position_once_they_cannot_be_sent() -> None:
    outbox = outbox_of()
    outbox.keep_head()
    assert outbox.is_empty
    outbox.add_events(events(1, 5), None)
    outbox.keep_head()
    outbox.add_head(3)
    assert taken(outbox) == [Payload(sender="me", head=5)]


def test_messages_are_packed_in_order_into_payloads_of_bounded_size() -> None:
    outbox = outbox_of()
    for number in range(200):
        assert outbox.add_message("typing", {"text": "é" * 200, "number": number})
    texts = outbox.take()
    assert len(texts) < 20
    assert all(len(text.encode()) <= 7900 for text in texts)
    numbers = [fields["number"] for text in texts for _, fields in decode(text).messages]
    assert numbers == list(range(200))
    assert outbox.dropped == 0


def test_oldest_messages_are_dropped_beyond_the_bounds_and_counted() -> None:
    outbox = outbox_of()
    for number in range(module.MAX_MESSAGES + 5):
        outbox.add_message("x", {"number": number})
    (_, first), *_ = decode(outbox.take()[0]).messages
    assert (first, outbox.dropped) == ({"number": 5}, 5)
    for _ in range(1000):
        outbox.add_message("x", {"text": "x" * 4000})
    assert outbox.waiting_bytes <= 512 * 1024


def test_message_that_is_too_large_is_refused() -> None:
    outbox = outbox_of()
    assert not outbox.add_message("x", {"text": "é" * 2100})
    assert (outbox.is_empty, outbox.dropped) == (True, 1)


def test_message_that_has_waited_too_long_is_not_sent() -> None:
    clock = FakeClock()
    outbox = outbox_of(clock)
    outbox.add_message("x", {"number": 1})
    clock.seconds += module.MAX_AGE_SECONDS + 1
    outbox.add_message("x", {"number": 2})
    (payload,) = taken(outbox)
    assert payload.messages == (("x", {"number": 2}),)
    assert outbox.dropped == 1
