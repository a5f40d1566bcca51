"""The remote backplane and its link: what it does when the link is slow, broken or wrong."""

from __future__ import annotations

import asyncio

import pytest

from clients import eventually
from fake_backplane import FakeBackplane, Wire
from lumen_notify.deliver.backplane import remote
from lumen_notify.deliver.backplane.payload import decode, encode_events
from lumen_notify.deliver.backplane.remote import Receivers
from lumen_notify.errors import BackplaneUnavailable
from supervised import supervised

from .test_outbox import events


async def test_one_send_is_on_its_way_and_what_comes_meanwhile_goes_together() -> None:
    wire = Wire()
    backplane = FakeBackplane(wire)
    async with supervised(backplane.run):
        await eventually(lambda: backplane.probed_at is not None, what="the link")
        wire.may_send.clear()
        for position in range(1, 51):
            backplane.announce(events(position, position), "abc")
            backplane.send("typing", {})
            await asyncio.sleep(0)
        wire.may_send.set()
        await eventually(lambda: len(wire.sent) == 2, what="the second send")
    first, second = ([decode(text) for text in payloads] for payloads in wire.sent)
    assert sum(len(payload.events) for payload in first + second) == 50
    assert sum(len(payload.messages) for payload in first + second) == 50
    assert len(second) == 2


async def test_defect_is_an_outage_with_a_trace_and_ends_no_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(remote, "MAX_PAUSE_SECONDS", 0.01)
    wire = Wire()
    wire.fault = ZeroDivisionError()
    backplane = FakeBackplane(wire)
    async with supervised(backplane.run) as supervisor:
        await eventually(lambda: wire.opened > 3, what="more links")
        assert not supervisor.failures.total()
        wire.fault = None
        await eventually(lambda: backplane.outage.error is None, what="the end of the outage")
    assert caplog.text.count("failing") == 1
    assert "ZeroDivisionError" in caplog.text


async def test_links_that_open_and_deliver_nothing_are_one_outage(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(remote, "MAX_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(remote, "PROBE_WAIT_SECONDS", 0.02)
    wire = Wire()
    wire.is_deaf = True
    backplane = FakeBackplane(wire)
    async with supervised(backplane.run):
        await eventually(lambda: wire.opened > 3, what="more links")
        wire.is_deaf = False
        await eventually(lambda: backplane.outage.error is None, what="the end of the outage")
    assert caplog.text.count("failing") == caplog.text.count("working again") == 1


async def test_pauses_grow_up_to_a_bound_and_differ_and_begin_anew_after_a_link_that_worked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def record(seconds: float) -> None:
        if seconds == remote.PROBE_SECONDS:
            wire.fault = BackplaneUnavailable("gone")  # the link has worked once
            await sleep(0)
            return
        pauses.append(seconds)
        wire.fault = None if len(pauses) == 12 else BackplaneUnavailable("gone")
        await sleep(0)
        if len(pauses) > 14:
            await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "sleep", record)
    wire = Wire()
    wire.fault = BackplaneUnavailable("gone")
    backplane = FakeBackplane(wire)
    task = asyncio.ensure_future(backplane.run())
    while len(pauses) <= 14:
        await sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert pauses[0] <= 2 * remote.FIRST_PAUSE_SECONDS
    assert max(pauses[:12]) > remote.MAX_PAUSE_SECONDS / 2
    assert max(pauses) <= 1.5 * remote.MAX_PAUSE_SECONDS
    assert len(set(pauses)) == len(pauses)
    assert pauses[12] <= 2 * remote.FIRST_PAUSE_SECONDS


async def test_events_are_taken_only_where_instances_send_them() -> None:
    """Every role of a PostgreSQL database may send notifications, but only ours may write its log."""
    received: list[object] = []
    backplane = FakeBackplane(Wire())
    backplane._receivers = Receivers(
        lambda *of: received.append(of), received.append, lambda *_: None, lambda: None
    )
    text = encode_events("another", events(1, 2), None)
    backplane._receive(text)
    assert received == [(tuple(events(1, 2)), None)]
    received.clear()
    backplane.HAS_EVENTS = False  # type: ignore[misc]
    backplane._receive(text)
    assert received == [2]
