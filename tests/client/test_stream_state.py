"""Stream state: cursors, waits and ends, without connections."""

from __future__ import annotations

import json
from typing import Any

import httpx
import httpx_sse
import pytest

from lumen_notify.client import stream_state
from lumen_notify.client.stream_state import MAX_WAIT_SECONDS, Backoff, StreamState
from lumen_notify.errors import Forbidden, ServerError, Unauthenticated


@pytest.fixture(autouse=True)
def first_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_state, "FIRST_RETRY_MS", 1000)


def event(name: str, document: object = None, **named: Any) -> httpx_sse.ServerSentEvent:
    return httpx_sse.ServerSentEvent(event=name, data=json.dumps(document) if document else "", **named)


def state(cursor: str | None = None, *, can_renew: bool = False) -> StreamState:
    return StreamState(cursor, can_renew=can_renew, backoff=Backoff(jitter=lambda: 1.0))


def response(status: int, kind: str = "text/event-stream") -> httpx.Response:
    request = httpx.Request("GET", "http://x/stream?last_event_id=a")
    return httpx.Response(status, headers={"content-type": kind}, request=request)


def test_every_id_moves_the_cursor_also_that_of_a_ping() -> None:
    stream = state("e-1")
    assert stream.params("mobile") == {"last_event_id": "e-1", "device": "mobile"}
    assert stream.take(event("ping", {}, id="e-2")) is None
    assert stream.params(None) == {"last_event_id": "e-2"}
    assert stream.take(event("typing", {"room_id": "tea"})) is not None
    assert stream.cursor == "e-2"


def test_waits_double_until_a_connection_succeeds() -> None:
    stream = state()
    assert [stream.interrupt().seconds for _ in range(3)] == [1, 2, 4]
    stream.take(event("ready", {"connection_id": "c", "recovered": False, "replayed": 0}, retry=70))
    assert stream.interrupt().seconds == 0.07


def test_waits_have_an_upper_bound_and_jitter() -> None:
    backoff = Backoff(jitter=lambda: 0.0)
    waits = [backoff.next_seconds() for _ in range(40)]
    assert waits[:4] == [1, 1, 2, 4]
    assert waits[-1] == MAX_WAIT_SECONDS / 2
    backoff.reset()
    assert backoff.next_seconds() == 1


@pytest.mark.parametrize(
    ("reason", "reconnect", "can_renew", "ends"),
    [
        ("shutdown", True, False, False),
        ("slow", True, False, False),
        ("expired", False, False, True),
        ("expired", False, True, False),
        ("revoked", False, True, True),
        ("replaced", False, True, True),
    ],
)
def test_closing_says_whether_it_ends(reason: str, reconnect: bool, can_renew: bool, ends: bool) -> None:
    stream = state(can_renew=can_renew)
    stream.take(event("closing", {"reason": reason, "reconnect": reconnect}, retry=86_400_000))
    assert stream.has_ended == ends
    if reason == "expired":
        assert stream.interrupt().seconds == 1  # not after a day


def test_a_refusal_is_raised_and_a_failure_is_waited_out() -> None:
    for status, kind in ((401, Unauthenticated), (403, Forbidden)):
        with pytest.raises(kind):
            state().is_open(response(status))
    for status in (429, 500, 503):
        stream = state()
        assert not stream.is_open(response(status))
        assert str(status) in stream.interrupt().reason
    assert state().is_open(response(200))


def test_a_response_that_is_no_event_stream_is_an_error() -> None:
    with pytest.raises(ServerError, match=r"^http://x/stream is not an event stream\."):
        state().is_open(response(200, "text/html"))


def test_the_reason_of_an_interruption_is_a_sentence() -> None:
    stream = state()
    stream.begin()
    assert stream.interrupt().reason == "The connection was lost: it ended without a closing event."
    stream.lose(httpx.ReadTimeout(""))
    assert stream.interrupt().reason == "The connection was lost: ReadTimeout."
    stream.take(event("closing", {"reason": "slow", "reconnect": True}))
    assert stream.interrupt().reason == "The server closed the stream: slow."
