"""Service: takes in from one source while it is this process's turn.

Promises: a message is acknowledged once its transaction is committed, or its dead letter stored; a broker
that does not answer is an outage, which is logged at its beginning and end, and tried again after a pause
that doubles from FIRST_PAUSE_SECONDS to MAX_PAUSE_SECONDS; so is a batch that cannot be finished, as while
dead letters cannot be stored, and those that were stored before are not stored again; `stop` finishes the
batch under way, and takes no other.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.intake.take_in import STEP_ROWS, TrimIntake
from lumen_notify.errors import Unavailable
from lumen_notify.intake.reader import source_of_keys
from lumen_notify.intake.source import BrokerUnavailable, DeadLetter, Incoming, Source
from lumen_notify.intake.taker import Stopped, Taker, wait_for
from lumen_notify.metrics import Metrics
from lumen_notify.outages import Outage

FIRST_PAUSE_SECONDS = 0.2
MAX_PAUSE_SECONDS = 5.0

TURN_SECONDS = 0.5
"""How often a process asks whether it is its turn."""

LAG_SECONDS = 5.0
"""How often the broker is asked how many messages wait."""

UNFINISHED_SECONDS = 60.0
"""How long a batch that could not be finished is expected again: some brokers have nothing meanwhile. After
that, another process has it."""

TRIM_SECONDS = 30.0
TRIM_STEPS = 200
"""How often ids are forgotten, and in how many steps at most."""

_log = logging.getLogger("lumen_notify.intake")


class IntakeService:
    """Takes in from a source.

    submit: the committer's. clock: wall-clock milliseconds. may_run: whether it is this process's turn.
    remembered_seconds: how long the ids of messages are remembered; 0 for ever. stopping: see `Taker`. lag:
    by source, as last asked. is_open: whether a batch may be under way.
    """

    def __init__(
        self,
        source: Source,
        taker: Taker,
        submit: Callable[[Any], Awaitable[Any]],
        clock: Callable[[], int],
        *,
        stopping: asyncio.Event,
        outage: Outage,
        may_run: Callable[[], bool] = lambda: True,
        remembered_seconds: int = 86_400,
    ) -> None:
        self.taker = taker
        self.lag: Mapping[str, int] = {}
        self.is_open = False
        self._source = source
        self._submit = submit
        self._clock = clock
        self._stopping = stopping
        self._outage = outage
        self._may_run = may_run
        self._remembered_seconds = remembered_seconds
        self._pause = FIRST_PAUSE_SECONDS
        self._asked_deadline = self._trim_deadline = 0.0
        self._sources: set[str] = set()
        self._unfinished_at = -math.inf
        self._buried: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Take in until `stop`."""
        while not self._stopping.is_set():
            if not self._may_run():
                self.lag = {}
                await wait_for(self._stopping, TURN_SECONDS)
                continue
            try:
                await self._source.open()
                self.is_open = True
                _log.info("takes in from %s", self._source.place)
                await self._take_in()
            except BrokerUnavailable as error:
                self._outage.begin(error)
                await wait_for(self._stopping, self._pause)
                self._pause = min(2 * self._pause, MAX_PAUSE_SECONDS)
            finally:
                self.is_open = False
                await self._source.close()

    def stop(self) -> None:
        """Finish the batch under way, and take no other; `run` then returns."""
        self._stopping.set()

    def register(self, metrics: Metrics) -> None:
        """Add its metrics."""
        metrics.counters(
            "lumen_intake_messages",
            "Messages taken from the queue, by outcome: accepted, repeated, expired, dead_lettered.",
            "outcome",
            lambda: self.taker.outcomes,
        )
        metrics.gauges(
            "lumen_intake_lag",
            "Messages of the queue that wait to be taken in, by source, as the broker said last.",
            "source",
            lambda: self.lag,
        )
        metrics.counter(
            "lumen_intake_waits",
            "How often intake has waited because the database could not be written to.",
            lambda: self.taker.waits,
        )

    async def _take_in(self) -> None:
        """Take in batches until the turn ends. Raises BrokerUnavailable."""
        while self._may_run() and not self._stopping.is_set():
            messages = await self._source.fetch()
            if messages:
                try:
                    letters = await self.taker.take(messages)
                except Stopped:
                    return
                await self._finish(messages, letters)
            if time.monotonic() >= self._unfinished_at + UNFINISHED_SECONDS:
                self._outage.end()
                self._pause = FIRST_PAUSE_SECONDS
            await self._look_after()

    async def _finish(self, messages: Sequence[Incoming], letters: Sequence[DeadLetter]) -> None:
        """Store dead letters, and acknowledge the messages. Raises BrokerUnavailable."""
        try:
            for letter in letters:
                if letter.of is None or letter.of not in self._buried:
                    await self._source.bury([letter])
                    self._buried |= set() if letter.of is None else {letter.of}
            await self._source.acknowledge(messages)
        except BrokerUnavailable:
            self._unfinished_at = time.monotonic()
            raise
        self._unfinished_at = -math.inf
        self._buried.clear()
        self._sources |= {message.source for message in messages}
        self._sources |= {source_of_keys(message) for message in messages}

    async def _look_after(self) -> None:
        """Do what is due beside the messages."""
        now = time.monotonic()
        if now >= self._asked_deadline:
            self._asked_deadline = now + LAG_SECONDS
            self.lag = await self._source.lag()
        if now >= self._trim_deadline and self._remembered_seconds:
            self._trim_deadline = now + TRIM_SECONDS
            await self._trim()

    async def _trim(self) -> None:
        """Forget old ids of the sources whose messages were acknowledged since the last time.

        Not of others: their messages may still come once more, however long the broker or this process was
        away.
        """
        before = self._clock() - self._remembered_seconds * 1000
        steps = TRIM_STEPS
        for source in sorted(self._sources):
            trimmed = STEP_ROWS
            while trimmed == STEP_ROWS and steps:
                steps -= 1
                try:
                    trimmed = await self._submit(TrimIntake(source=source, before=before))
                except Unavailable:
                    return
            if trimmed < STEP_ROWS:
                self._sources.discard(source)
