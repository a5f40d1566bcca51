"""Messenger: messages and read marks become commands, without HTTP."""

from __future__ import annotations

from typing import Any, cast

import pytest

from lumen_notify.accept.rooms.messenger import Messenger
from lumen_notify.auth import Verifier
from lumen_notify.commit.rooms.direct import SendDirectMessage
from lumen_notify.commit.rooms.history import History
from lumen_notify.commit.rooms.messages import SendMessage
from lumen_notify.commit.rooms.read_marks import MarkRoomRead
from lumen_notify.errors import Invalid
from lumen_notify.http.context import Context, Limits
from lumen_notify.http.rate_limiter import RateLimiter

ANN = {"id": "ann", "username": "Ann", "avatar": None}


class Committed:
    """Takes commands, and answers nothing."""

    def __init__(self) -> None:
        self.commands: list[Any] = []

    async def submit(self, command: Any) -> Any:
        self.commands.append(command)


@pytest.fixture
def committed() -> Committed:
    return Committed()


@pytest.fixture
def messenger(committed: Committed) -> Messenger:
    limits = Limits(max_body_bytes=0, max_content_characters=10, max_batch_rows=0, max_rooms=0)
    context = Context(
        verifier=cast("Verifier", None),
        committer=committed,
        limits=limits,
        rate_limiter=RateLimiter(lambda: 0),
        clock=lambda: 0,
    )
    return Messenger(context=context, history=cast("History", None))


async def test_message_becomes_a_command(messenger: Messenger, committed: Committed) -> None:
    body = messenger.body({"content": "hi", "client_id": "c", "reply_to": 1, "mentions": ["bob"]})
    await messenger.send("tea", ANN, body)
    (send,) = committed.commands
    assert isinstance(send, SendMessage)
    assert (send.room_id, send.sender, send.fields) == ("tea", ANN, {"kind": "text", "content": "hi"})
    assert (send.client_id, send.reply_to, send.mentions, send.is_system) == ("c", 1, ("bob",), False)


async def test_message_of_the_library_may_have_a_title(messenger: Messenger, committed: Committed) -> None:
    await messenger.send("tea", ANN, messenger.body({"content": "hi", "title": "News"}))
    (send,) = committed.commands
    assert send.fields == {"kind": "text", "content": "hi", "title": "News"}
    with pytest.raises(Invalid, match="title"):
        messenger.body({"content": "hi", "title": "two\nlines"})


async def test_message_of_kind_system_needs_no_membership(messenger: Messenger, committed: Committed) -> None:
    await messenger.send("tea", ANN, messenger.body({"content": "hi", "kind": "system"}))
    assert committed.commands[0].is_system


async def test_direct_message_goes_to_another_user(messenger: Messenger, committed: Committed) -> None:
    await messenger.send_direct(ANN, messenger.direct_body({"to": "bob", "content": "hi"}))
    (command,) = committed.commands
    assert isinstance(command, SendDirectMessage)
    assert command.to == "bob"
    with pytest.raises(Invalid) as caught:
        await messenger.send_direct(ANN, messenger.direct_body({"to": "ann", "content": "hi"}))
    assert caught.value.faults[0].field == "to"


async def test_read_mark_becomes_a_command(messenger: Messenger, committed: Committed) -> None:
    await messenger.read("tea", "ann", 7)
    assert committed.commands == [MarkRoomRead(room_id="tea", user_id="ann", up_to=7)]


@pytest.mark.parametrize("fields", [{}, {"content": "x" * 11}, {"content": "hi", "kind": "shout"}])
def test_message_from_python_is_held_to_the_same_limits(messenger: Messenger, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        messenger.body(fields)
    with pytest.raises(Invalid):
        messenger.direct_body({"to": "bob", **fields})
