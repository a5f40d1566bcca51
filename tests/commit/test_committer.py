"""Committer: what its table promises, on real databases, with outages made by a wrapper round the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from lumen_notify.commit import committer as module
from lumen_notify.commit.budget import BATCH_ROWS, QUEUE_BYTES, Cost
from lumen_notify.commit.log import Log
from lumen_notify.errors import Conflict, DatabaseUnavailable, Unavailable
from supervised import supervised

from .desk import Desk, Say, Shout


@pytest.fixture
async def desk(log: Log) -> AsyncIterator[Desk]:
    desk = Desk(log)
    async with supervised(desk.committer.run) as desk.supervisor:
        yield desk
        desk.may_go_on.set()
        desk.holds_inside.set()
        await desk.close()


async def test_result_comes_after_commit_and_after_the_announcement(desk: Desk) -> None:
    assert await desk.committer.submit(Say("a")) == ("a", 1)
    assert await desk.words() == ["a"]
    assert list(await desk.log.after(0)) == desk.announced


async def test_callers_resume_in_their_order(desk: Desk) -> None:
    went_on: list[int] = []

    async def call(number: int) -> None:
        await desk.committer.submit(Say(str(number), fault="refused" if number % 5 == 1 else ""))

    calls = [asyncio.create_task(call(number)) for number in range(20)]
    for number, one in enumerate(calls):
        one.add_done_callback(lambda _, number=number: went_on.append(number))  # type: ignore[misc]
    await asyncio.gather(*calls, return_exceptions=True)
    assert went_on == list(range(20))
    assert desk.batches == [[str(number) for number in range(20)]]


async def test_command_without_a_writer_is_not_taken(desk: Desk) -> None:
    class Whisper(Say):
        pass

    with pytest.raises(TypeError, match="Whisper has no handler"):
        await desk.committer.submit(Whisper("a"))
    assert desk.batches == []


async def test_commands_that_arrive_during_a_transaction_are_the_next_one(desk: Desk) -> None:
    desk.holds_inside.clear()
    first = desk.submit(Say("a"))
    await desk.is_inside.wait()
    others = desk.submit(*(Say(f"b{number}") for number in range(20)))
    await asyncio.sleep(0)
    desk.holds_inside.set()
    await asyncio.gather(*first, *others)
    assert desk.batches == [["a"], [f"b{number}" for number in range(20)]]


async def test_transaction_takes_a_limited_number_of_commands(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BATCH_COMMANDS", 3)
    await desk.all_of(*(Say(f"{number}") for number in range(8)))
    assert [len(batch) for batch in desk.batches] == [3, 3, 2]
    assert await desk.words() == [f"{number}" for number in range(8)]


async def test_small_commands_do_not_wait_behind_large_ones(desk: Desk) -> None:
    large = Cost(rows=BATCH_ROWS)
    await desk.all_of(
        *(Say(f"large{number}", cost=large) for number in range(3)),
        Say("small"),
        Say("x1", cost=large, conflict_key="x"),
        Say("x2", conflict_key="x"),
    )
    assert desk.batches == [["large0", "small"], ["large1"], ["large2"], ["x1"], ["x2"]]
    assert desk.committer.waiting_bytes == 0


async def test_commands_that_would_take_too_much_memory_are_refused(desk: Desk) -> None:
    desk.may_go_on.clear()
    third = Cost(text_bytes=QUEUE_BYTES // 3 - 1000)
    waiting = desk.submit(*(Say(f"{number}", cost=third) for number in range(3)))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await desk.committer.submit(Say("one too many", cost=third))
    assert refused.value.code == "overloaded"
    assert desk.committer.waiting_bytes <= QUEUE_BYTES
    desk.may_go_on.set()
    assert await asyncio.gather(*waiting) == [("0", 1), ("1", 2), ("2", 3)]
    assert await desk.committer.submit(Say("alone", cost=Cost(text_bytes=QUEUE_BYTES * 2))) == ("alone", 4)


async def test_kinds_are_written_in_the_order_of_the_handlers(desk: Desk) -> None:
    answers = await desk.all_of(Shout("b"), Say("a"), Shout("d"), Say("c"))
    assert desk.batches == [["a", "c"], ["b", "d"]]
    assert answers == [("b", 3), ("a", 1), ("d", 4), ("c", 2)]


async def test_command_that_its_writer_refuses_fails_alone(desk: Desk) -> None:
    answers = await desk.all_of(Say("a"), Say("bad", fault="refused"), Say("b"))
    assert [answers[0], answers[2]] == [("a", 1), ("b", 2)]
    assert isinstance(answers[1], Conflict)
    assert desk.batches == [["a", "bad", "b"]]
    assert await desk.words() == ["a", "b"]


@pytest.mark.parametrize("fault", ["broken", "raised"])
async def test_command_that_breaks_the_transaction_fails_alone(
    desk: Desk, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answers = await desk.all_of(Say("a"), Say("bad", fault=fault), Say("b"), Shout("c"))
    assert [answers[0], answers[2], answers[3]] == [("a", 1), ("b", 2), ("c", 3)]
    assert isinstance(answers[1], Exception)
    assert not isinstance(answers[1], DatabaseUnavailable)
    assert desk.batches == [["a", "bad", "b"], ["a"], ["bad"], ["b"], ["c"]]
    assert await desk.words() == ["a", "b", "c"]
    assert [event.body for event in desk.announced] == ['"a"', '"b"', '"c"']
    # A defect of ours is logged, a refusal is not.
    assert len(caplog.records) == (fault == "broken")


async def test_commands_of_one_lane_keep_their_order_and_never_share_a_transaction(desk: Desk) -> None:
    await desk.all_of(
        Say("a1", conflict_key="a"),
        Say("a2", conflict_key="a"),
        Say("b1", conflict_key="b"),
        Say("free"),
        Say("a3", conflict_key="a"),
        Say("b2", conflict_key="b"),
    )
    assert desk.batches == [["a1", "b1", "free"], ["a2", "b2"], ["a3"]]


async def test_one_outage_before_commit_is_not_noticed(desk: Desk) -> None:
    desk.unsteady.before = 1
    assert await desk.all_of(Say("a"), Say("b")) == [("a", 1), ("b", 2)]
    assert await desk.words() == ["a", "b"]


async def test_outage_before_commit_is_raised_to_all_callers_and_writes_nothing(desk: Desk) -> None:
    desk.unsteady.before = 2
    answers = await desk.all_of(Say("a"), Say("b"))
    assert [error.code for error in answers if isinstance(error, DatabaseUnavailable)] == [
        "database_unavailable",
        "database_unavailable",
    ]
    assert await desk.words() == []
    assert desk.announced == []
    assert await desk.committer.submit(Say("c")) == ("c", 1)


async def test_lock_that_cannot_be_had_is_raised_to_all_callers_and_not_waited_for_again(desk: Desk) -> None:
    desk.unsteady.before, desk.unsteady.code = 1, "database_busy"
    answers = await desk.all_of(Say("a"), Say("b"))
    assert [error.code for error in answers if isinstance(error, DatabaseUnavailable)] == [
        "database_busy"
    ] * 2
    assert await desk.words() == []
    assert await desk.committer.submit(Say("c")) == ("c", 1)


async def test_outage_during_commit_is_raised_to_all_callers_and_not_retried(desk: Desk) -> None:
    desk.unsteady.during = 1
    answers = await desk.all_of(Say("a"), Say("b"))
    assert [error.code for error in answers if isinstance(error, DatabaseUnavailable)] == [
        "commit_unknown"
    ] * 2
    assert desk.batches == [["a", "b"]]
    assert await desk.words() == ["a", "b"]
    assert desk.announced == []
    assert await desk.committer.submit(Say("c")) == ("c", 3)


async def test_caller_that_gives_up_does_not_undo_its_command(desk: Desk) -> None:
    desk.holds_inside.clear()
    first, second, third = desk.submit(Say("a"), Say("b"), Say("c"))
    await desk.is_inside.wait()
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    desk.holds_inside.set()
    assert await first == ("a", 1)
    assert await third == ("c", 3)
    assert await desk.words() == ["a", "b", "c"]


async def test_close_commits_waiting_commands_and_refuses_new_ones(desk: Desk) -> None:
    desk.holds_inside.clear()
    submitted = desk.submit(Say("a"))
    await desk.is_inside.wait()
    submitted += desk.submit(Say("b"), Say("c", conflict_key="x"), Say("d", conflict_key="x"))
    await asyncio.sleep(0)
    closing = asyncio.create_task(desk.close())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="shutting down") as caught:
        await desk.committer.submit(Say("late"))
    assert caught.value.code == "draining"
    desk.holds_inside.set()
    await closing
    assert await asyncio.gather(*submitted) == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    assert await desk.words() == ["a", "b", "c", "d"]


async def test_committer_keeps_pace(desk: Desk) -> None:
    desk.may_go_on.clear()
    submitted = desk.submit(Say("a"), Say("b"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert desk.batches == []
    desk.may_go_on.set()
    assert await asyncio.gather(*submitted) == [("a", 1), ("b", 2)]


async def test_queue_that_is_full_refuses_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING_COMMANDS", 2)
    desk.may_go_on.clear()
    submitted = desk.submit(Say("a"), Say("b"))
    await asyncio.sleep(0)
    assert desk.committer.waiting_commands == 2
    with pytest.raises(Unavailable, match="2 writes are waiting") as caught:
        await desk.committer.submit(Say("c"))
    assert caught.value.code == "overloaded"
    desk.may_go_on.set()
    await asyncio.gather(*submitted)
    assert desk.committer.waiting_commands == 0
    assert desk.committer.committed_events == {"notification": 2}
