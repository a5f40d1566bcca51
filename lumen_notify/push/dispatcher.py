"""Dispatcher: hands a page of pushes over to the providers, and returns what became of each.

Promises: a page takes START_SECONDS and SEND_SECONDS at most; what a provider cannot begin by then comes back
as `retry`, and so does at once all for a service that is failing (`circuit`). So no provider delays another
one for longer, and none gets more than AT_ONCE pushes at once. Services that users may have made up get
UNKNOWN_AT_ONCE together, and UNPROVEN_AT_ONCE those that have not answered yet: they cannot take the place of
those that all have, such as Google's. Whatever a provider raises is `retry`, and so is what it returns that
is no result. The first try of a push waits SOON_SECONDS at most for a service that users may have made up,
and not at all if that was slow the last time: its pushes come back as `retry`, and wait with others that are
tried again.

Not here: which pushes there are, and when a `retry` is due (`worker`).
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
import traceback
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lumen_notify.outages import Outage
from lumen_notify.push.circuit import FAILURES, Circuit
from lumen_notify.push.provider import HasServices, Provider
from lumen_notify.push.push import OUTCOMES, Delivery, Result, Target

AT_ONCE = 64
"""Pushes in flight of one provider. FCM and APNs take many over one connection of HTTP/2."""

UNKNOWN_AT_ONCE = 32

UNPROVEN_AT_ONCE = 8

START_SECONDS = 2.0
"""How long a push of a page may wait for its turn."""

SOON_SECONDS = 2.0
"""A service that takes longer is slow."""

SEND_SECONDS = 15.0
"""How long one push may take."""

MAX_SERVICES = 1000
"""The services of one provider that are remembered; Web Push has a handful, unless users make them up."""

SLICE = 32
"""How many pushes begin before the loop has time for streams: a millisecond or two."""

LATER_SECONDS = 2.0
"""When a push that has not had its turn is due again."""

_log = logging.getLogger("lumen_notify.push")


class ProviderFailing(Exception):
    """Why a provider fails, in words without any content or token."""


class Dispatcher:
    """Hands pushes over.

    providers: by name. results: how many pushes there were, by provider and outcome. observe_delay: gets the
    seconds from the publish to the hand-over of each push that a provider took. outage: returns the outage of
    a name. wall_clock: milliseconds; clock: monotonic seconds.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        wall_clock: Callable[[], int],
        *,
        outage: Callable[[str], Outage],
        observe_delay: Callable[[float], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        at_once: int = AT_ONCE,
        start_seconds: float = START_SECONDS,
        soon_seconds: float = SOON_SECONDS,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        self.results: Counter[tuple[str, ...]] = Counter()
        self._wall_clock = wall_clock
        self._observe_delay = observe_delay
        self._start_seconds = start_seconds
        self._lanes = {
            name: _Lane(
                provider,
                outage(f"push by {name}"),
                clock=clock,
                at_once=at_once,
                soon_seconds=soon_seconds,
                send_seconds=send_seconds,
            )
            for name, provider in providers.items()
        }

    @property
    def failing(self) -> Mapping[str, bool]:
        """Whether each provider fails: none of its services has answered the last pushes."""
        return {name: lane.outage.error is not None for name, lane in self._lanes.items()}

    async def dispatch(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Hand over a page, and return what became of each push, in the same order."""
        starts_by = asyncio.get_running_loop().time() + self._start_seconds
        tasks: list[asyncio.Task[Result]] = []
        async with asyncio.TaskGroup() as group:
            for number, one in enumerate(deliveries, start=1):
                tasks.append(group.create_task(self._hand_over(one, starts_by)))
                if number % SLICE == 0:
                    await asyncio.sleep(0)
        return [task.result() for task in tasks]

    async def _hand_over(self, delivery: Delivery, starts_by: float) -> Result:
        name = delivery.target.provider
        lane = self._lanes.get(name)
        if lane is None:
            return Result(outcome="refused", reason=f"no provider {name}")
        result = await lane.send(delivery, starts_by)
        self.results[name, result.outcome] += 1
        if result.outcome == "sent":
            self._observe_delay(max(0, self._wall_clock() - delivery.created_at) / 1000)
        _log.debug(
            "Push %s by %s to the device %s: %s%s",
            delivery.push_id,
            name,
            delivery.target.id,
            result.outcome,
            f": {result.reason}" if result.reason else "",
        )
        return result


class _Lane:
    """One provider, with the bounds of its pushes and the circuits of its services."""

    def __init__(
        self,
        provider: Provider,
        outage: Outage,
        *,
        clock: Callable[[], float],
        at_once: int,
        soon_seconds: float,
        send_seconds: float,
    ) -> None:
        self.outage = outage
        self._provider = provider
        self._services = provider if isinstance(provider, HasServices) else None
        self._clock = clock
        self._soon_seconds = soon_seconds
        self._send_seconds = send_seconds
        self._turns = asyncio.Semaphore(at_once)
        self._unknown = asyncio.Semaphore(min(at_once, UNKNOWN_AT_ONCE))
        self._unproven = asyncio.Semaphore(min(at_once, UNPROVEN_AT_ONCE))
        self._circuits: OrderedDict[str, Circuit] = OrderedDict()
        self._failures = 0

    async def send(self, delivery: Delivery, starts_by: float) -> Result:
        """Hand over a push, unless its service fails, or it cannot begin by a time of the loop."""
        try:
            circuit = self._circuit(delivery)
            is_known = self._services is None or self._services.is_known(delivery.target)
        except Exception as error:  # noqa: BLE001 - a provider of the application's own
            return self._failed(_words(error), None)
        if (seconds := circuit.wait_seconds) > 0:
            return _untried("the service is failing", seconds)
        may_wait = is_known or delivery.attempts > 0
        if circuit.is_slow and not may_wait:
            return Result(outcome="retry", reason="the service is slow")
        turns = self._turns_of(circuit, is_known=is_known)
        if not await _take(turns, starts_by):
            return _untried("too many at once", LATER_SECONDS)
        try:
            if (seconds := circuit.wait_seconds) > 0:  # since this one began to wait
                return _untried("the service is failing", seconds)
            seconds = self._send_seconds if may_wait else min(self._soon_seconds, self._send_seconds)
            return await self._try(delivery, circuit, seconds)
        finally:
            _release(turns)

    async def _try(self, delivery: Delivery, circuit: Circuit, seconds: float) -> Result:
        is_trial = circuit.enter()
        began_at, is_late = self._clock(), False
        try:
            async with asyncio.timeout(seconds):
                result = _checked(await self._provider.send(delivery.push, delivery.target))
        except TimeoutError:
            result = Result(outcome="retry", reason="timeout")
            is_late = True
        except Exception as error:  # noqa: BLE001 - whatever it is, the next push may succeed
            result = Result(outcome="retry", reason=_words(error))
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError) or _is_cancelled():
                circuit.leave(is_trial=is_trial)
                raise
            result = Result(outcome="retry", reason=_words(error))  # the provider's own, and not this page's
        circuit.is_slow = is_late or self._clock() - began_at > self._soon_seconds
        if result.outcome != "retry" or result.is_for_device:
            circuit.succeed(is_trial=is_trial)
            self._failures = 0
            self.outage.end()
            return self._blamed(result, delivery.target)
        circuit.fail(result.retry_seconds, is_trial=is_trial)
        return self._failed(result.reason, result.retry_seconds)

    def _blamed(self, result: Result, target: Target) -> Result:
        """Blame the device for what is refused by a service that its user may have made up."""
        if result.outcome != "refused" or self._services is None or self._services.is_known(target):
            return result
        return replace(result, is_for_device=True)

    def _failed(self, reason: str, retry_seconds: float | None) -> Result:
        self._failures += 1
        if self._failures >= FAILURES or (retry_seconds and self._services is None):
            self.outage.begin(ProviderFailing(reason))
        return Result(outcome="retry", reason=reason, retry_seconds=retry_seconds)

    def _turns_of(self, circuit: Circuit, *, is_known: bool) -> Sequence[asyncio.Semaphore]:
        """Return what a push needs a turn of."""
        if is_known:
            return (self._turns,)
        if circuit.is_proven:
            return (self._unknown, self._turns)
        return (self._unproven, self._unknown, self._turns)

    def _circuit(self, delivery: Delivery) -> Circuit:
        name = "" if self._services is None else self._services.service(delivery.target)
        circuit = self._circuits.get(name)
        if circuit is None:
            self._forget()
            circuit = self._circuits[name] = Circuit(self._clock)
        self._circuits.move_to_end(name)
        return circuit

    def _forget(self) -> None:
        """Forget the services that were not used for the longest time."""
        while len(self._circuits) >= MAX_SERVICES:
            self._circuits.popitem(last=False)


async def _take(turns: Sequence[asyncio.Semaphore], starts_by: float) -> bool:
    """Take a turn of each; return False, without any, if that is not possible by a time of the loop."""
    taken: list[asyncio.Semaphore] = []
    try:
        for one in turns:
            if one.locked():
                async with asyncio.timeout_at(starts_by):
                    await one.acquire()
            else:
                await one.acquire()  # at once
            taken.append(one)
    except BaseException as error:
        _release(taken)
        if isinstance(error, TimeoutError):
            return False
        raise
    return True


def _release(turns: Sequence[asyncio.Semaphore]) -> None:
    for one in turns:
        one.release()


def _checked(result: object) -> Result:
    """Return what a provider has returned. Raises TypeError or ValueError if it is no result."""
    if not isinstance(result, Result) or not isinstance(result.reason, str):
        raise TypeError
    if result.outcome not in OUTCOMES or not math.isfinite(result.retry_seconds or 0.0):
        raise ValueError
    return result


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _untried(reason: str, retry_seconds: float) -> Result:
    return Result(outcome="retry", reason=reason, retry_seconds=retry_seconds, is_untried=True)


def _words(error: BaseException) -> str:
    """Return the type of an exception and where it was raised. Its text may have a token."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
