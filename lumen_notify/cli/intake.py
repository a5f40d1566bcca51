"""Intake: what `lumen-notify intake` does: take in from the queue of LUMEN_INTAKE_URL, beside the servers.

Promise: SIGTERM and SIGINT finish the batch under way, and end with status 0; a second signal ends at once.
"""

from __future__ import annotations

import asyncio
import logging
import signal

import uvloop

from lumen_notify.errors import LumenError
from lumen_notify.intake.process import IntakeProcess
from lumen_notify.model import now_ms
from lumen_notify.settings import Settings

_log = logging.getLogger("lumen_notify.intake")


class CannotContinue(LumenError):
    """The process has ended by itself. The message says why."""

    code = "cannot_continue"


def take_in(settings: Settings) -> None:
    """Take in until a signal. Raises Misconfigured, Unavailable, DatabaseUnusable, CannotContinue."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_take_in(settings))
    _log.info("ended")


async def _take_in(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, ending)
    async with IntakeProcess.running(settings, now_ms) as process:
        _log.info("started")
        waiting = [asyncio.ensure_future(event.wait()) for event in (ending, process.gave_up)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
    if process.gave_up.is_set():
        raise CannotContinue("A task of intake fails again and again. The log says why.")


def _end(ending: asyncio.Event) -> None:
    if ending.is_set():
        raise SystemExit(1)
    ending.set()
