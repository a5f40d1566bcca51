"""Crashes: SIGKILL for the process that takes in, and for its broker, while messages come.

Each message is one notification, and those of one key come in their order: each frame of each user is
checked. The first half of the messages is known by the broker's ids. During it the process is killed, once
with a batch that is not committed, and once with one that is committed and not acknowledged. The second half
is known by keys: what the broker has not confirmed when it is killed is sent again. The long form:

    LUMEN_TEST_INTAKE_MESSAGES=20000 make test ARGS='-k intake/test_crashes -n 0 -s'
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

import pytest

from brokers import Broker
from clients import SECRET
from conftest import StartServer
from servers import paused

from .conftest import LEFTOVERS, StartIntake
from .held_commits import HeldCommits
from .intake_process import IntakeProcess
from .queue_workload import KEYS, QueueWorkload

MESSAGES = int(os.environ.get("LUMEN_TEST_INTAKE_MESSAGES", "2000"))
KILLS = 1 + MESSAGES // 5000
"""Of the process and of the broker, while the second half is sent."""

WITHIN_SECONDS = 120 + MESSAGES / 50

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(3 * WITHIN_SECONDS), LEFTOVERS]


@pytest.mark.postgresql
async def test_each_message_is_taken_in_once_and_in_order(
    broker: Broker,
    topic_name: str,
    postgresql_url: str,
    start_server: StartServer,
    start_intake: StartIntake,
) -> None:
    began_at = time.monotonic()
    server = start_server(database_url=postgresql_url, LUMEN_JWT_SECRET=SECRET)
    workload = QueueWorkload(server.url, broker, topic_name, MESSAGES // KEYS)
    try:
        await workload.send_half()
        await workload.start()
        async with HeldCommits(postgresql_url) as held:
            # A small prefetch, so that there are many batches.
            process = start_intake(
                broker, topic_name, database_url=postgresql_url, LUMEN_INTAKE_PREFETCH="50"
            )
            await held.wait_for_batch()
            await asyncio.to_thread(process.kill)
            await held.drop_batch()
            await asyncio.to_thread(process.start)
            await held.wait_for_batch()
            with paused(process.process.pid):
                await held.release()
                await held.wait_for_commit()
                await asyncio.to_thread(process.kill)
            await asyncio.to_thread(process.start)
        await workload.until(
            lambda: workload.has(workload.sent), "the first half", within_seconds=WITHIN_SECONDS
        )
        if not broker.keeps:
            await restart(broker)  # it has no topic any more, and will number its messages anew
        sending = asyncio.create_task(workload.send_rest())
        await kill_and_end(workload, process, broker)
        await workload.until(
            lambda: workload.has(workload.count), "all messages", within_seconds=WITHIN_SECONDS
        )
        await sending
        await workload.settle()
    finally:
        await workload.close()
    seconds = time.monotonic() - began_at
    sys.stdout.write(f"\n{broker.kind}: {MESSAGES:,} messages in {seconds:.0f} s\n")


async def kill_and_end(workload: QueueWorkload, process: IntakeProcess, broker: Broker) -> None:
    """Kill the broker, if it keeps what it has, and the process, at any time; in the end, end the process."""
    for number in range(KILLS):
        share = 0.5 + 0.4 * number / KILLS

        def has_come(share: float = share) -> bool:
            return workload.received >= share * workload.expected

        await workload.until(has_come, f"{share:.0%} of the messages", within_seconds=WITHIN_SECONDS)
        if broker.keeps:
            await restart(broker)
        if number:
            await restart(process)
    assert await asyncio.to_thread(process.stop) == 0
    await asyncio.to_thread(process.start)


async def restart(server: Broker | IntakeProcess) -> None:
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
