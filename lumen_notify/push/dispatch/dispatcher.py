"""Dispatcher: hands a page of pushes over to the providers, and returns what became of each.

Promises: a page takes START_SECONDS and SEND_SECONDS at most; what a provider cannot begin by then comes back
as `retry`, and so does at once all for a service that is failing. So no provider delays another one for
longer (`lane`).

Not here: which pushes there are, and when a `retry` is due (`worker`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from lumen_notify.outages import Outage
from lumen_notify.push.dispatch.lane import AT_ONCE, SEND_SECONDS, SOON_SECONDS, Lane
from lumen_notify.push.dispatch.pace import Pace
from lumen_notify.push.dispatch.summary import log_page
from lumen_notify.push.provider import Provider
from lumen_notify.push.push import Delivery, Result
from lumen_notify.rates import Rate

START_SECONDS = 2.0
"""How long a push of a page may wait for its turn."""

SLICE = 32
"""How many pushes begin before the loop has time for streams: a millisecond or two."""

_log = logging.getLogger("lumen_notify.push")


class Dispatcher:
    """Hands pushes over.

    providers: by name. results: how many pushes there were, by provider and outcome. observe_delay: gets the
    seconds from the publish to the hand-over of each push that a provider took. outage: returns the outage of
    a name. rate: of each provider; None for no limit. wall_clock: milliseconds; clock: monotonic seconds.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        wall_clock: Callable[[], int],
        *,
        outage: Callable[[str], Outage],
        observe_delay: Callable[[float], None] = lambda _: None,
        rate: Rate | None = None,
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
            name: Lane(
                provider,
                outage(f"push by {name}"),
                Pace(rate, clock),
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
        results = [task.result() for task in tasks]
        log_page(deliveries, results)
        return results

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
