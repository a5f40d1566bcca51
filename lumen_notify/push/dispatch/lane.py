"""Lane: one provider within its bounds.

Promises: a provider gets AT_ONCE pushes at once, at most, and no more a second than its pace. Services that
users may have made up get UNKNOWN_AT_ONCE together, and UNPROVEN_AT_ONCE those that have not answered yet:
they cannot take the place of those that all have, such as Google's. Whatever a provider raises is `retry`,
and so is what it returns that is no result. While a service fails (`circuit`), its pushes come back as
`retry` at once. The first try of a push waits SOON_SECONDS at most for a service that users may have made up,
and not at all if that was slow the last time: its pushes come back as `retry`, and wait with others that are
tried again.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from lumen_notify.exception_text import type_and_place
from lumen_notify.outages import Outage
from lumen_notify.push.dispatch.circuit import FAILURES, Circuit
from lumen_notify.push.dispatch.pace import Pace
from lumen_notify.push.provider import HasServices, Provider
from lumen_notify.push.push import OUTCOMES, Delivery, Result, Target

AT_ONCE = 64
"""Pushes in flight of one provider. FCM and APNs take many over one connection of HTTP/2."""

UNKNOWN_AT_ONCE = 32

UNPROVEN_AT_ONCE = 8

SOON_SECONDS = 2.0
"""A service that takes longer is slow."""

SEND_SECONDS = 15.0
"""How long one push may take."""

MAX_SERVICES = 1000
"""The services of one provider that are remembered; Web Push has a handful, unless users make them up."""

LATER_SECONDS = 2.0
"""When a push that has not had its turn is due again."""


class ProviderFailing(Exception):
    """Why a provider fails, in words without any content or token."""


class Lane:
    """One provider, with the bounds of its pushes, its pace and the circuits of its services."""

    def __init__(
        self,
        provider: Provider,
        outage: Outage,
        pace: Pace,
        *,
        clock: Callable[[], float],
        at_once: int,
        soon_seconds: float,
        send_seconds: float,
    ) -> None:
        self.outage = outage
        self._provider = provider
        self._services = provider if isinstance(provider, HasServices) else None
        self._pace = pace
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
            return self._failed(type_and_place(error), None)
        if (seconds := circuit.wait_seconds) > 0:
            return _untried("the service is failing", seconds)
        may_wait = is_known or delivery.attempts > 0
        if circuit.is_slow and not may_wait:
            return Result(outcome="retry", reason="the service is slow")
        if (seconds := await self._pace.wait(starts_by)) > 0:
            return _untried("the rate is reached", seconds)
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
            result = Result(outcome="retry", reason=type_and_place(error))
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError) or _is_cancelled():
                circuit.leave(is_trial=is_trial)
                raise
            # A cancellation of the provider's own, and not of this page.
            result = Result(outcome="retry", reason=type_and_place(error))
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
