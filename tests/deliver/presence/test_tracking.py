"""Tracking: its tasks start and end together, and the messages of other instances reach it."""

from __future__ import annotations

import asyncio

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.deliver.backplane.messages import Messages
from lumen_notify.deliver.presence.tracking import Tracking
from lumen_notify.settings import Settings
from lumen_notify.supervisor import Supervisor

from ..conftest import Store
from ..stream_harness import StreamHarness


def tracking_of(database: Database, messages: Messages, supervisor: Supervisor, presence: str) -> Tracking:
    harness = StreamHarness()
    return Tracking(
        Settings(presence=presence),
        database,
        harness.hub,
        harness.streams,
        instance="here",
        send=lambda _name, _fields: None,
        messages=messages,
        supervisor=supervisor,
    )


@pytest.mark.parametrize(("presence", "tasks"), [("on", 2), ("off", 1)])
async def test_tasks_end_together(sqlite_store: Store, presence: str, tasks: int) -> None:
    before = asyncio.all_tasks()
    messages = Messages()
    tracking = tracking_of(sqlite_store.database, messages, Supervisor(), presence)
    tracking.start()
    assert len(asyncio.all_tasks() - before) == tasks
    await tracking.close()
    assert asyncio.all_tasks() == before


async def test_messages_are_handled(sqlite_store: Store) -> None:
    messages = Messages()
    tracking_of(sqlite_store.database, messages, Supervisor(), "on")
    messages.receive("presence", {"users": []})
    messages.receive("close_streams", {"streams": []})
    assert (messages.unknown, messages.received.total()) == (0, 2)
