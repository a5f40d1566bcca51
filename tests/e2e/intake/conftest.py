"""Fixtures for intake: the process that takes in, and a name for the topic of each test."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest

from brokers import Broker

from .intake_process import IntakeProcess

LEFTOVERS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Of tests that kill a broker: the client with which they send to it, such as aio-pika, then leaves behind
coroutines that were never finished. The server's own clients are in other processes."""


@pytest.fixture(autouse=True)
def collected_leftovers() -> Iterator[None]:
    """Let no later test find what clients have left behind."""
    yield
    gc.collect()


class StartIntake(Protocol):
    """Called with a broker, a topic and LUMEN_ variables, returns a process that takes in."""

    def __call__(self, broker: Broker, topic: str, *, database_url: str, **environ: str) -> IntakeProcess: ...


@pytest.fixture
def topic_name() -> str:
    """Give a name that no other test uses: brokers are shared."""
    return f"events-{uuid4().hex}"


@pytest.fixture
def start_intake(tmp_path: Path) -> Iterator[StartIntake]:
    """Run `lumen-notify intake`; return it once it has started. All are ended after the test."""
    with ExitStack() as running:

        def start(broker: Broker, topic: str, *, database_url: str, **environ: str) -> IntakeProcess:
            process = IntakeProcess(
                tmp_path, database_url=database_url, environ={**intake_of(broker, topic), **environ}
            )
            running.callback(process.kill)
            return process.start()

        yield start


def intake_of(broker: Broker, topic: str) -> dict[str, str]:
    """Return the settings that let a server, or `intake`, take in a topic."""
    return {"LUMEN_INTAKE_URL": broker.url, "LUMEN_INTAKE_TOPIC": topic}
