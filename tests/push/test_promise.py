"""The promise of push, by random steps on both databases."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from conftest import NewDatabase

from .promise_machine import PromiseMachine
from .push_desk import PushDesk, opened_desk


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nobody_is_missed_and_nobody_is_pushed_what_they_have_read(new_database: NewDatabase) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        class Machine(PromiseMachine):
            pass

        Machine.runner = runner
        Machine.numbers = itertools.count()
        first = runner.run(stack.enter_async_context(opened_desk(new_database(), push_max_per_hour=3)))
        Machine.desks = (first, PushDesk(first.store, push_max_per_hour=3))
        try:
            run_state_machine_as_test(
                Machine,
                settings=settings(
                    max_examples=60, stateful_step_count=40, suppress_health_check=list(HealthCheck)
                ),
            )
        finally:
            runner.run(stack.aclose())
