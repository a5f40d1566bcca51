"""Dispatcher: a page goes to its providers, each within its bounds; a slow or failing one delays no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from clients import eventually
from lumen_notify.outages import Outage
from lumen_notify.push.dispatch.circuit import FAILURES, FIRST_PAUSE_SECONDS
from lumen_notify.push.dispatch.dispatcher import SLICE, Dispatcher
from lumen_notify.push.dispatch.lane import AT_ONCE, MAX_SERVICES, UNKNOWN_AT_ONCE, UNPROVEN_AT_ONCE
from lumen_notify.push.push import SENT, Delivery, Push, Result, Target

SECRET_TEXT = "the content"
TOKEN = "the-token"
PAGE = 500
NEVER = 600.0


class FakeProvider:
    """Answers as the test says. at_once: the most that it had in flight."""

    def __init__(self, answer: Callable[[Target], Result] = lambda _: SENT) -> None:
        self.name = "fake"
        self.answer = answer
        self.blocks: asyncio.Event | None = None
        self.sent: list[str] = []
        self.begun = 0
        self.at_once = 0
        self._in_flight = 0

    async def send(self, push: Push, target: Target) -> Result:
        self.begun += 1
        blocks = self.blocks
        self._in_flight += 1
        self.at_once = max(self.at_once, self._in_flight)
        try:
            for _ in range(PAGE // SLICE + 1):  # longer than it takes to begin a page
                await asyncio.sleep(0)
            if blocks is not None:
                await blocks.wait()
            result = self.answer(target)
            if result.outcome == "sent":
                self.sent.append(target.id)
            return result
        finally:
            self._in_flight -= 1

    def config(self) -> dict[str, Any]:
        return {}

    async def close(self) -> None:
        pass


class FakeServices(FakeProvider):
    """Each device names its service by the part of the token before a slash. All know those that begin with
    `known`."""

    def service(self, target: Target) -> str:
        return target.token.partition("/")[0]

    def is_known(self, target: Target) -> bool:
        return target.token.startswith("known")


class Desk:
    """A dispatcher with its surroundings, on a clock that the test moves."""

    def __init__(
        self,
        *,
        start_seconds: float = NEVER,
        soon_seconds: float = NEVER,
        send_seconds: float = NEVER,
        **providers: Any,
    ) -> None:
        self.now = 1000.0
        self.outages: dict[str, Outage] = {}
        self.delays: list[float] = []
        self.dispatcher = Dispatcher(
            providers,
            lambda: 5000,
            outage=lambda name: self.outages.setdefault(name, Outage(name)),
            observe_delay=self.delays.append,
            clock=lambda: self.now,
            start_seconds=start_seconds,
            soon_seconds=soon_seconds,
            send_seconds=send_seconds,
        )

    async def dispatch(self, *targets: Target, attempts: int = 0) -> Sequence[Result]:
        push = Push(payload={"content": SECRET_TEXT}, collapse_key="n", badge=1, ttl_seconds=60)
        return await self.dispatcher.dispatch(
            [
                Delivery(push=push, target=target, push_id="p", created_at=3000, attempts=attempts)
                for target in targets
            ]
        )


def devices(provider: str, number: int, token: str = TOKEN) -> list[Target]:
    return [
        Target(id=f"{provider}-{n}", user_id=f"user-{n}", provider=provider, token=token)
        for n in range(number)
    ]


def outcomes(results: Sequence[Result]) -> list[str]:
    return [result.outcome for result in results]


async def test_full_page_goes_to_two_providers_in_order_and_within_their_bounds() -> None:
    one = FakeProvider(lambda target: SENT if int(target.id[4:]) % 2 else Result(outcome="gone"))
    two = FakeProvider()
    desk = Desk(one=one, two=two)
    page = [target for pair in zip(devices("one", 250), devices("two", 250), strict=True) for target in pair]
    results = await desk.dispatch(*page)
    assert outcomes(results) == ["gone", "sent", "sent", "sent"] * 125
    assert one.at_once == two.at_once == AT_ONCE
    assert desk.dispatcher.results == {("one", "gone"): 125, ("one", "sent"): 125, ("two", "sent"): 250}
    assert desk.delays == [2.0] * 375
    assert desk.dispatcher.failing == {"one": False, "two": False}
    assert await desk.dispatch() == []


async def test_streams_have_their_turn_while_a_page_begins() -> None:
    class InstantProvider(FakeProvider):
        async def send(self, push: Push, target: Target) -> Result:
            return SENT

    desk = Desk(one=InstantProvider())
    page = asyncio.create_task(desk.dispatch(*devices("one", PAGE)))
    turns = 0
    while not page.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns >= PAGE // SLICE


async def test_bound_holds_over_all_pages_together() -> None:
    one = FakeProvider()
    desk = Desk(one=one)
    pages = await asyncio.gather(*(desk.dispatch(*devices("one", 100)) for _ in range(5)))
    assert [outcomes(page) for page in pages] == [["sent"] * 100] * 5
    assert one.at_once == AT_ONCE


async def test_provider_that_hangs_delays_no_other_and_what_cannot_begin_comes_back() -> None:
    slow, quick = FakeProvider(), FakeProvider()
    slow.blocks = asyncio.Event()
    desk = Desk(slow=slow, quick=quick, start_seconds=0.05)
    first = asyncio.create_task(desk.dispatch(*devices("slow", 200), *devices("quick", AT_ONCE)))
    await eventually(lambda: len(quick.sent) == AT_ONCE, what="the quick ones, while all slow ones hang")
    second = await desk.dispatch(*devices("slow", 10), *devices("quick", 10))
    assert slow.begun == AT_ONCE
    assert outcomes(second) == ["retry"] * 10 + ["sent"] * 10
    assert second[0].reason == "too many at once"
    assert second[0].retry_seconds
    assert not first.done()
    slow.blocks.set()
    results = await first
    assert outcomes(results[:200]).count("sent") == AT_ONCE
    assert outcomes(results[:200]).count("retry") == 200 - AT_ONCE
    assert slow.at_once == AT_ONCE


async def test_only_a_service_that_users_may_make_up_blames_its_device_for_what_it_refuses() -> None:
    desk = Desk(
        one=FakeServices(lambda _: Result(outcome="refused", reason="no")),
        two=FakeProvider(lambda _: Result(outcome="refused", reason="no")),
    )
    page = devices("one", 1, "made-up/1") + devices("one", 1, "known/1") + devices("two", 1)
    results = await desk.dispatch(*page)
    assert [(one.reason, one.is_for_device) for one in results] == [
        ("no", True),
        ("no", False),
        ("no", False),
    ]


async def test_push_that_takes_too_long_is_a_retry() -> None:
    slow = FakeProvider()
    slow.blocks = asyncio.Event()
    desk = Desk(slow=slow, send_seconds=0.05)
    (result,) = await desk.dispatch(*devices("slow", 1))
    assert (result.outcome, result.reason) == ("retry", "timeout")


async def test_provider_that_fails_gets_no_more_until_a_single_push_succeeds() -> None:
    down = Result(outcome="retry", reason="HTTP 503")
    bad, good = FakeProvider(lambda _: down), FakeProvider()
    desk = Desk(bad=bad, good=good)
    await desk.dispatch(*devices("bad", FAILURES))
    assert desk.dispatcher.failing == {"bad": True, "good": False}
    begun = bad.begun
    results = await desk.dispatch(*devices("bad", 250), *devices("good", 250))
    assert bad.begun == begun
    assert results[0] == Result(
        outcome="retry",
        reason="the service is failing",
        retry_seconds=FIRST_PAUSE_SECONDS,
        is_untried=True,
    )
    assert outcomes(results) == ["retry"] * 250 + ["sent"] * 250
    # A single one tries, of a whole page.
    desk.now += FIRST_PAUSE_SECONDS
    results = await desk.dispatch(*devices("bad", 250))
    assert bad.begun == begun + 1
    assert outcomes(results) == ["retry"] * 250
    bad.answer = lambda _: SENT
    desk.now += 2 * FIRST_PAUSE_SECONDS
    assert outcomes(await desk.dispatch(*devices("bad", 1))) == ["sent"]
    assert outcomes(await desk.dispatch(*devices("bad", 250))) == ["sent"] * 250
    assert not desk.dispatcher.failing["bad"]


async def test_those_who_wait_for_their_turn_come_back_when_the_provider_fails() -> None:
    bad = FakeProvider(lambda _: Result(outcome="retry", reason="HTTP 500"))
    desk = Desk(bad=bad)
    assert outcomes(await desk.dispatch(*devices("bad", PAGE))) == ["retry"] * PAGE
    assert bad.begun == AT_ONCE


async def test_provider_that_asks_to_wait_is_not_asked_again_before() -> None:
    busy = FakeProvider(lambda _: Result(outcome="retry", reason="HTTP 429", retry_seconds=30))
    desk = Desk(busy=busy)
    (result,) = await desk.dispatch(*devices("busy", 1))
    assert (result.reason, result.retry_seconds) == ("HTTP 429", 30)
    desk.now += 29
    (result,) = await desk.dispatch(*devices("busy", 1))
    assert (busy.begun, result.retry_seconds) == (1, 1)
    assert desk.dispatcher.failing["busy"]
    desk.now += 1
    await desk.dispatch(*devices("busy", 1))
    assert busy.begun == 2


async def test_wait_that_concerns_one_device_stops_no_other() -> None:
    limited = Result(outcome="retry", reason="HTTP 429", retry_seconds=30, is_for_device=True)
    one = FakeProvider(lambda target: limited if target.id != "one-0" else SENT)
    desk = Desk(one=one)
    assert outcomes(await desk.dispatch(*devices("one", PAGE)[1:])) == ["retry"] * (PAGE - 1)
    assert await desk.dispatch(*devices("one", 2)) == [SENT, limited]
    assert desk.dispatcher.failing == {"one": False}


async def test_whatever_a_provider_raises_is_a_retry_and_the_log_has_no_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def raising(target: Target) -> Result:
        raise KeyError(target.token)

    broken = FakeProvider(raising)
    desk = Desk(broken=broken)
    with caplog.at_level(logging.INFO):
        for _ in range(2 * FAILURES):
            (result,) = await desk.dispatch(*devices("broken", 1))
            assert result.outcome == "retry"
            assert result.reason.startswith(("KeyError in test_dispatcher.py:", "the service is failing"))
        broken.answer = lambda _: SENT
        desk.now += FIRST_PAUSE_SECONDS
        await desk.dispatch(*devices("broken", 1))
    begin, end = [one.getMessage() for one in caplog.records if one.name == "lumen_notify.outages"]
    assert TOKEN not in caplog.text
    assert caplog.text.count("Pushes failed: 1 retry by broken (KeyError in ") == FAILURES, "those tried"
    assert caplog.messages[-1] == "Pushes handed over: 1 sent by broken"
    assert begin.startswith("push by broken: failing: KeyError in test_dispatcher.py:")
    assert end.startswith("push by broken: working again")


@pytest.mark.parametrize(
    "returned",
    [
        None,
        "sent",
        Result(outcome="ok"),  # type: ignore[arg-type]
        Result(outcome="refused", reason=400),  # type: ignore[arg-type]
        Result(outcome="retry", retry_seconds=float("nan")),
        Result(outcome="retry", retry_seconds=float("inf")),
        Result(outcome="retry", retry_seconds="5"),  # type: ignore[arg-type]
    ],
    ids=repr,
)
async def test_what_a_provider_returns_that_is_no_result_is_a_retry(returned: Any) -> None:
    class Broken(FakeProvider):
        async def send(self, push: Push, target: Target) -> Result:
            result: Result = returned
            return result

    desk = Desk(broken=Broken(), good=FakeProvider())
    results = await desk.dispatch(*devices("broken", 1), *devices("good", 1))
    assert outcomes(results) == ["retry", "sent"]
    assert "Error in lane.py:" in results[0].reason
    assert results[0].retry_seconds is None
    await desk.dispatch(*devices("broken", FAILURES))
    assert desk.dispatcher.failing == {"broken": True, "good": False}


async def test_page_of_a_provider_that_cancels_its_own_push_goes_on() -> None:
    def cancel(_: Target) -> Result:
        raise asyncio.CancelledError

    results = await Desk(broken=FakeProvider(cancel), good=FakeProvider()).dispatch(
        *devices("broken", 1), *devices("good", 1)
    )
    assert outcomes(results) == ["retry", "sent"]
    assert results[0].reason.startswith("CancelledError in ")


async def test_each_push_is_a_line_for_debugging_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(one=FakeProvider(lambda _: Result(outcome="refused", reason="HTTP 400")))
    with caplog.at_level(logging.DEBUG, logger="lumen_notify.push"):
        await desk.dispatch(*devices("one", 1))
    assert caplog.messages == [
        "Push p by one to the device one-0: refused: HTTP 400",
        "Pushes failed: 1 refused by one (HTTP 400)",
    ]


async def test_device_of_a_provider_that_is_off_is_refused() -> None:
    (result,) = await Desk().dispatch(*devices("fcm", 1))
    assert result == Result(outcome="refused", reason="no provider fcm")


async def test_one_service_that_fails_stops_none_of_the_same_provider() -> None:
    web = FakeServices(
        lambda target: SENT if target.token.startswith("good") else Result(outcome="retry", reason="HTTP 500")
    )
    desk = Desk(web=web)
    for _ in range(2):
        results = await desk.dispatch(
            *devices("web", FAILURES, "bad.example/1"), *devices("web", FAILURES, "good.example/1")
        )
        assert outcomes(results) == ["retry"] * FAILURES + ["sent"] * FAILURES
    assert web.begun == 3 * FAILURES
    assert desk.dispatcher.failing == {"web": False}


async def test_services_that_never_answered_leave_most_of_the_turns_to_the_others() -> None:
    web = FakeServices()
    desk = Desk(web=web, start_seconds=0.05)
    await desk.dispatch(*devices("web", 1, "good.example/1"))
    web.blocks = blocked = asyncio.Event()
    hostile = [
        Target(id=f"h{n}", user_id="eve", provider="web", token=f"{n}.evil.example/") for n in range(PAGE)
    ]
    begun = web.begun
    page = asyncio.create_task(desk.dispatch(*hostile))
    await eventually(lambda: web.begun == begun + UNPROVEN_AT_ONCE, what="the hostile ones")
    web.blocks = None
    others, known = UNKNOWN_AT_ONCE - UNPROVEN_AT_ONCE, AT_ONCE - UNPROVEN_AT_ONCE
    assert outcomes(await desk.dispatch(*devices("web", others, "good.example/1"))) == ["sent"] * others
    assert outcomes(await desk.dispatch(*devices("web", known, "known.example/1"))) == ["sent"] * known
    assert web.begun == begun + UNPROVEN_AT_ONCE + others + known
    blocked.set()
    assert {"sent"} <= set(outcomes(await page)) <= {"sent", "retry"}


async def test_services_that_users_make_up_take_no_turns_of_those_that_all_have() -> None:
    web = FakeServices()
    desk = Desk(web=web, start_seconds=0.05)
    hostile = [
        Target(id=f"h{n}", user_id="eve", provider="web", token=f"{n}.evil.example/") for n in range(AT_ONCE)
    ]
    for one in hostile:
        assert outcomes(await desk.dispatch(one)) == ["sent"]
    web.blocks = blocked = asyncio.Event()
    begun = web.begun
    page = asyncio.create_task(desk.dispatch(*hostile))
    await eventually(lambda: web.begun == begun + UNKNOWN_AT_ONCE, what="the hostile ones")
    web.blocks = None
    known = AT_ONCE - UNKNOWN_AT_ONCE
    assert outcomes(await desk.dispatch(*devices("web", known, "known.example/1"))) == ["sent"] * known
    assert web.begun == begun + UNKNOWN_AT_ONCE + known
    blocked.set()
    await page


async def test_slow_service_that_users_make_up_delays_no_first_try() -> None:
    web = FakeServices()
    web.blocks = asyncio.Event()
    desk = Desk(web=web, soon_seconds=0.05)
    page = [*devices("web", 1, "slow.example/1"), *devices("web", 1, "known.example/1")]
    first = asyncio.create_task(desk.dispatch(*page[:1]))
    assert [(one.outcome, one.reason) for one in await first] == [("retry", "timeout")]
    begun = web.begun
    (result,) = await desk.dispatch(*page[:1])
    assert (result.outcome, result.reason, web.begun) == ("retry", "the service is slow", begun)
    # The service that all have is waited for, and so is the other one in a later try.
    waiting = asyncio.create_task(desk.dispatch(*page, attempts=1))
    await eventually(lambda: web.begun == begun + 2, what="both of them")
    desk.now += 1
    web.blocks.set()
    assert outcomes(await waiting) == ["sent", "sent"]
    assert outcomes(await desk.dispatch(*page)) == ["retry", "sent"], "it was slow once more"
    await desk.dispatch(*page, attempts=1)
    assert outcomes(await desk.dispatch(*page)) == ["sent", "sent"], "it is quick again"


async def test_services_that_users_make_up_are_forgotten() -> None:
    web = FakeServices()
    desk = Desk(web=web)
    for n in range(MAX_SERVICES + 50):
        await desk.dispatch(*devices("web", 1, f"{n}.example/"))
    assert len(desk.dispatcher._lanes["web"]._circuits) == MAX_SERVICES


@pytest.mark.parametrize("method", ["service", "is_known"])
async def test_provider_that_cannot_name_the_service_is_a_retry(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: FakeServices, target: Target) -> str:
        raise ValueError(target.token)

    monkeypatch.setattr(FakeServices, method, fail)
    (result,) = await Desk(web=FakeServices()).dispatch(*devices("web", 1))
    assert result.outcome == "retry"
    assert TOKEN not in result.reason


async def test_page_that_is_cancelled_gives_its_turns_and_its_try_back() -> None:
    one = FakeProvider(lambda _: Result(outcome="retry", reason="HTTP 500"))
    desk = Desk(one=one)
    await desk.dispatch(*devices("one", FAILURES))
    desk.now += FIRST_PAUSE_SECONDS
    one.blocks = asyncio.Event()
    page = asyncio.create_task(desk.dispatch(*devices("one", PAGE)))
    await eventually(lambda: one.begun == FAILURES + 1, what="the try")
    page.cancel()
    await asyncio.gather(page, return_exceptions=True)
    one.blocks, one.answer = None, lambda _: SENT
    assert outcomes(await desk.dispatch(*devices("one", 1))) == ["sent"]
    assert outcomes(await desk.dispatch(*devices("one", PAGE))) == ["sent"] * PAGE
