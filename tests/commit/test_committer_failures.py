"""Committer: a defect around it, or its end, leaves no caller without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from lumen_notify.commit.log import Log
from lumen_notify.errors import Unavailable
from supervised import supervised

from .desk import Desk, Say


@pytest.fixture
async def desk(log: Log) -> AsyncIterator[Desk]:
    desk = Desk(log)
    async with supervised(desk.committer.run) as desk.supervisor:
        yield desk
        desk.may_go_on.set()
        desk.holds_inside.set()
        await desk.close()


async def test_announcement_that_raises_does_not_end_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def spoilt(_events: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.committer, "_announce", spoilt)
    assert await desk.committer.submit(Say("a")) == ("a", 1)
    assert await desk.committer.submit(Say("b")) == ("b", 2)
    assert caplog.text.count("Events could not be announced.") == 2
    assert desk.supervisor.failures.total() == 0


async def test_defect_of_its_own_answers_the_batch_and_it_starts_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = desk.committer._commit
    failures = [ZeroDivisionError()]

    async def spoilt(batch: object) -> None:
        if failures:
            raise failures.pop()
        await commit(batch)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.committer, "_commit", spoilt)
    with pytest.raises(Unavailable) as caught:
        await desk.committer.submit(Say("a"))
    assert caught.value.code == "commit_unknown"
    assert await asyncio.wait_for(desk.committer.submit(Say("b")), 20) == ("b", 1)
    assert desk.supervisor.failures == {"task": 1}


async def test_callers_that_still_wait_at_its_end_are_told_that_nothing_was_written(desk: Desk) -> None:
    desk.holds_inside.clear()
    submitted = desk.submit(Say("a"))
    await desk.is_inside.wait()
    submitted += desk.submit(Say("b"), Say("c"))
    await asyncio.sleep(0)
    desk.committer.abandon()
    answers = await asyncio.wait_for(asyncio.gather(*submitted, return_exceptions=True), 20)
    assert [one.code for one in answers if isinstance(one, Unavailable)] == ["draining"] * 3
    await desk.supervisor.stop("task")
    assert await desk.words() == []


async def test_longest_wait_includes_the_running_transaction(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(desk.committer, "_clock", lambda: now)
    assert desk.committer.longest_wait_seconds == 0
    desk.holds_inside.clear()
    first = desk.submit(Say("a"))
    await desk.is_inside.wait()
    now = 103.0
    second = desk.submit(Say("b"))
    await asyncio.sleep(0)
    now = 105.0
    assert desk.committer.longest_wait_seconds == 5
    desk.holds_inside.set()
    await asyncio.gather(*first, *second)
    assert desk.committer.longest_wait_seconds == 0
    assert desk.committer.committed_at == 105
