from __future__ import annotations

import asyncio

import pytest

from lumen_notify.push.pages.turns import in_turns


@pytest.mark.parametrize(("seconds", "most"), [(0.0, 1), (60.0, 100)], ids=["each", "all"])
async def test_others_have_a_turn_whenever_the_time_is_over(seconds: float, most: int) -> None:
    seen: list[int] = []
    lengths: list[int] = []

    async def other() -> None:
        before = 0
        while len(seen) < 100:
            await asyncio.sleep(0)
            lengths.append(len(seen) - before)
            before = len(seen)

    task = asyncio.create_task(other())
    await asyncio.sleep(0)
    async for one in in_turns(range(100), seconds):
        seen += [one]
    await task
    assert seen == list(range(100))
    assert max(lengths) == most
