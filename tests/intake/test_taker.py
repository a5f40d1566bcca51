"""Taker: a batch is committed in order, refusals become dead letters, and only the database makes it wait."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from lumen_notify.commit.budget import BATCH_ROWS
from lumen_notify.commit.intake.take_in import TakeIn
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.errors import DatabaseUnavailable, Invalid, NotFound, Unavailable
from lumen_notify.http.context import Limits
from lumen_notify.intake import taker as taker_module
from lumen_notify.intake.taker import Stopped, Taker

from .fake_source import incoming, notification

LIMITS = Limits(max_body_bytes=70_000, max_content_characters=100, max_batch_rows=1000, max_rooms=0)


class Desk:
    """A committer that answers as the test says. answer: what it answers to a message with this content."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.answer: dict[str, Any] = {}
        self.outages: list[Exception] = []
        self.breaks_on: str | None = None
        self.stopping = asyncio.Event()
        self.taker = Taker(self.submit, LIMITS, lambda: 1_800_000_000_000, self.stopping)

    async def submit(self, command: TakeIn) -> Sequence[Any]:
        if self.outages:
            raise self.outages.pop(0)
        contents = [content_of(one.command) for one in command.arrivals]
        self.batches.append(contents)
        if self.breaks_on in contents:
            raise ZeroDivisionError
        given = [one.command for one in command.arrivals]
        return [
            one if isinstance(one, Exception) else self.answer.get(content, True)
            for content, one in zip(contents, given, strict=True)
        ]


def content_of(command: Any) -> str:
    if not isinstance(command, Publish):
        return "refused"
    content: str = command.publications[0].fields["content"]
    return content


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(taker_module, "FIRST_PAUSE_SECONDS", 0.001)
    return Desk()


def messages(*contents: str | bytes) -> list[Any]:
    return [
        incoming(number, one if isinstance(one, bytes) else notification(content=one))
        for number, one in enumerate(contents)
    ]


async def test_batch_is_one_transaction_in_its_order(desk: Desk) -> None:
    assert await desk.taker.take(messages("a", "b", "c")) == []
    assert desk.batches == [["a", "b", "c"]]
    assert desk.taker.outcomes["accepted"] == 3


async def test_refused_messages_are_dead_letters_and_the_others_are_taken_in(desk: Desk) -> None:
    desk.answer = {"b": NotFound("No such room."), "d": False}
    letters = await desk.taker.take(messages("a", "b", b"{", "d", "e"))
    documents = [json.loads(letter.body) for letter in letters]
    assert [one["source"]["offset"] for one in documents] == [1, 2]
    assert [one["problem"]["code"] for one in documents] == ["not_found", "invalid"]
    assert desk.taker.outcomes == {"accepted": 2, "repeated": 1, "expired": 0, "dead_lettered": 2}


async def test_message_that_makes_a_handler_fail_is_a_dead_letter_alone(desk: Desk) -> None:
    desk.breaks_on = "b"
    letters = await desk.taker.take(messages("a", "b", "c"))
    assert desk.batches == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert [json.loads(letter.body)["problem"]["code"] for letter in letters] == ["internal"]
    assert desk.taker.outcomes["accepted"] == 2


async def test_outage_of_the_database_is_waited_for(desk: Desk) -> None:
    desk.outages = [
        DatabaseUnavailable("away"),
        Unavailable("busy", code="overloaded"),
        DatabaseUnavailable("away", code="commit_unknown"),
    ]
    assert await desk.taker.take(messages("a", "b")) == []
    assert desk.batches == [["a", "b"]]
    assert desk.taker.waits == 3


async def test_end_of_intake_leaves_the_rest_of_the_batch(desk: Desk) -> None:
    desk.outages = [DatabaseUnavailable("away")] * 1000
    desk.stopping.set()
    with pytest.raises(Stopped):
        await desk.taker.take(messages("a"))
    assert desk.taker.outcomes["accepted"] == 0


async def test_outage_during_the_search_for_a_defect_refuses_nothing(desk: Desk) -> None:
    desk.breaks_on = "b"
    taken = desk.taker.take(messages("a", "b", "c"))
    first = desk.submit

    async def submit(command: TakeIn) -> Sequence[Any]:
        if len(desk.batches) == 2 and desk.taker.waits == 0:
            raise DatabaseUnavailable("away")
        return await first(command)

    desk.taker._submit = submit
    assert len(await taken) == 1
    assert desk.taker.waits == 1
    assert desk.taker.outcomes["accepted"] == 2


async def test_batch_over_the_budget_is_several_transactions_one_after_the_other(desk: Desk) -> None:
    users = [f"u{number}" for number in range(900)]
    given = [
        incoming(
            number,
            {
                **notification(content=str(number)),
                "body": {"to": {"users": users}, "category": "like", "content": str(number)},
            },
        )
        for number in range(5)
    ]
    assert await desk.taker.take(given) == []
    assert desk.batches == [["0", "1"], ["2", "3"], ["4"]]
    assert 2 * (len(users) + 1) <= BATCH_ROWS < 3 * (len(users) + 1)


async def test_reading_many_bytes_lets_other_tasks_go_on(desk: Desk) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.ensure_future(count())
    await desk.taker.take(messages(*[b"x" * 60_000] * 20))
    other.cancel()
    assert turns >= 9


def test_refusals_are_not_what_stops() -> None:
    assert not issubclass(Stopped, Invalid)
