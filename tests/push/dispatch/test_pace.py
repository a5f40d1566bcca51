"""Pace: a provider gets as many pushes a second as its rate says; the others come back at that rate."""

from __future__ import annotations

import asyncio

from lumen_notify.outages import Outage
from lumen_notify.push.dispatch.dispatcher import Dispatcher
from lumen_notify.push.dispatch.pace import LATER_SECONDS, Pace
from lumen_notify.push.providers.log import LogProvider
from lumen_notify.push.push import Delivery, Push, Target
from lumen_notify.rates import Rate


async def now() -> float:
    return asyncio.get_running_loop().time()


async def test_without_a_rate_nothing_waits() -> None:
    pace = Pace(None, lambda: 0.0)
    assert [await pace.wait(await now()) for _ in range(1000)] == [0.0] * 1000


async def test_what_exceeds_the_rate_comes_back_one_after_another() -> None:
    clock = 1000.0
    pace = Pace(Rate.parse("4/second"), lambda: clock)
    waits = [await pace.wait(await now()) for _ in range(8)]
    assert waits == [0.0] * 4 + [
        LATER_SECONDS,
        LATER_SECONDS + 0.25,
        LATER_SECONDS + 0.5,
        LATER_SECONDS + 0.75,
    ]
    clock += LATER_SECONDS
    assert await pace.wait(await now()) == 0.0
    assert [await pace.wait(await now()) for _ in range(4)] == [0.0] * 3 + [LATER_SECONDS], (
        "none but the newest"
    )


async def test_a_turn_that_comes_in_time_is_waited_for() -> None:
    pace = Pace(Rate.parse("100/second"), lambda: 1000.0)
    began_at = await now()
    assert [await pace.wait(began_at + 600) for _ in range(103)] == [0.0] * 103
    assert await now() - began_at >= 0.06, "10, 20 and 30 ms, on a clock that stands still"


async def test_each_provider_has_a_pace_of_its_own() -> None:
    dispatcher = Dispatcher(
        {"one": LogProvider(), "two": LogProvider()},
        lambda: 0,
        outage=Outage,
        rate=Rate.parse("3/hour"),
        start_seconds=0.0,
    )
    push = Push(payload={}, collapse_key="n", badge=1, ttl_seconds=60)
    page = [
        Delivery(
            push=push,
            target=Target(id=str(n), user_id="u", provider=name, token="t"),
            push_id="p",
            created_at=0,
        )
        for n in range(5)
        for name in ("one", "two")
    ]
    results = await dispatcher.dispatch(page)
    assert [one.outcome for one in results] == ["sent"] * 6 + ["retry"] * 4
    assert {(one.reason, one.is_untried) for one in results[6:]} == {("the rate is reached", True)}
