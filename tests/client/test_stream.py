"""Stream and AsyncStream: across connections, with a scripted server, and with a real one."""

from __future__ import annotations

import json

import pytest

from clients import token
from lumen_notify.auth import PUBLISH
from lumen_notify.client import (
    ClosingFrame,
    Frame,
    Interruption,
    MarkFrame,
    NotificationFrame,
    ReadyFrame,
    ResetFrame,
)
from lumen_notify.errors import Unauthenticated
from scripted import NEWS, READY, Script, closing
from sites import Site

from .either import Connect


def names(frames: list[Frame]) -> list[str]:
    return [frame.event for frame in frames]


async def test_it_reconnects_with_its_cursor_until_it_ends(script: Script, connect: Connect) -> None:
    script.answers = [
        (200, READY + NEWS + closing("shutdown", reconnect=True)),
        (503, "{}"),
        None,
        (200, READY + NEWS),  # lost without a closing event
        (200, READY + closing("replaced", reconnect=False)),
    ]
    interruptions: list[Interruption] = []
    stream = connect(script.url).stream(cursor="e-ü 3", on_interruption=interruptions.append)
    frames = await stream.rest()
    assert script.cursors == ["e-ü 3", "e-5", "e-5", "e-5", "e-5"]
    assert names(frames) == ["ready", "message", "closing", "ready", "message", "ready", "closing"]
    assert len(interruptions) == 4
    assert isinstance(frames[-1], ClosingFrame)
    assert not frames[-1].reconnect
    assert stream.cursor == "e-4"


async def test_an_expired_token_is_replaced_if_it_is_a_function(script: Script, connect: Connect) -> None:
    numbers = iter(range(9))
    expired = closing("expired", reconnect=False)
    script.answers = [(200, READY + expired), (200, READY + closing("revoked", reconnect=False))]
    await connect(script.url, lambda: f"token-{next(numbers)}").stream().rest()
    assert script.tokens == ["Bearer token-0", "Bearer token-1"]
    script.answers = [(200, READY + expired)]
    assert names(await connect(script.url).stream().rest()) == ["ready", "closing"]


async def test_a_refusal_is_raised(script: Script, connect: Connect) -> None:
    problem = {"code": "token_expired", "detail": "The token expired.", "status": 401}
    script.answers = [(401, json.dumps(problem))]
    with pytest.raises(Unauthenticated) as caught:
        await connect(script.url).stream().rest()
    assert caught.value.code == "token_expired"


async def test_a_stream_resumes_from_the_cursor_of_another(site: Site, connect: Connect) -> None:
    app, bob = connect(site.base_url, token("app", PUBLISH)), connect(site.base_url, token("bob"))
    first = bob.stream()
    ready = await first.next()
    assert isinstance(ready, ReadyFrame)
    assert (ready.unread_count, ready.recovered) == (3, False)
    await app.call("publish", "bob", category="like", content="four")
    shown = await first.next()
    assert isinstance(shown, NotificationFrame)
    assert (shown.notification.content, shown.unread_count, shown.cursor) == ("four", 4, first.cursor)
    await first.close()

    await app.call("publish", "bob", category="like", content="five")
    await bob.call("mark_read", everything=True)
    second = bob.stream(cursor=first.cursor)
    ready = await second.next()
    assert isinstance(ready, ReadyFrame)
    assert (ready.recovered, ready.replayed) == (True, 2)
    shown, read = await second.next(), await second.next()
    assert isinstance(shown, NotificationFrame)
    assert shown.notification.content == "five"
    assert isinstance(read, MarkFrame)
    assert read.unread_count == 0
    await second.close()


async def test_a_cursor_that_cannot_be_served_is_a_reset_and_the_stream_goes_on(
    site: Site, connect: Connect
) -> None:
    app, bob = connect(site.base_url, token("app", PUBLISH)), connect(site.base_url, token("bob"))
    stream = bob.stream(cursor="elsewhere-7")
    frames = [await stream.next() for _ in range(2)]
    reset = next(frame for frame in frames if isinstance(frame, ResetFrame))
    assert (reset.reason, reset.unread_count) == ("epoch", 3)
    await app.call("publish", "bob", category="like", content="four")
    shown = await stream.next()
    assert isinstance(shown, NotificationFrame)
    assert shown.unread_count == 4
    await stream.close()
