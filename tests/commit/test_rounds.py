"""Rounds: they go on, whatever one of them fails with, until they are closed."""

from __future__ import annotations

import asyncio
import logging

import pytest

from lumen_notify.commit import rounds as module
from lumen_notify.commit.rounds import Rounds
from lumen_notify.errors import DatabaseUnavailable


@pytest.mark.parametrize("failure", [RuntimeError("made up by a test"), DatabaseUnavailable("gone")])
async def test_rounds_go_on_after_one_that_failed(
    failure: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0)
    failures = [failure]
    done = asyncio.Event()

    async def turn() -> None:
        if failures:
            raise failures.pop()
        done.set()

    rounds = Rounds("testing", turn)
    rounds.start()
    await asyncio.wait_for(done.wait(), 10)
    await rounds.close()

    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "a round of testing" in record.getMessage()


async def test_none_comes_once_they_are_closed_and_closing_amid_one_ends_it() -> None:
    begun = asyncio.Event()
    ended = asyncio.Event()

    async def turn() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    rounds = Rounds("testing", turn)
    await rounds.close()
    rounds.start()
    await asyncio.wait_for(begun.wait(), 10)
    await rounds.close()

    assert ended.is_set()
