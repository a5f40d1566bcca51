"""Kafka: how the consumer is set up; the rest is tested with a broker (`tests/contract/test_source.py`)."""

from __future__ import annotations

from typing import Any

import pytest
from faststream import AckPolicy

from lumen_notify.intake.brokers import kafka
from lumen_notify.intake.brokers.opening import open_source
from lumen_notify.settings import Settings


async def test_aborted_transactions_of_producers_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    class FakeBroker:
        def __init__(self, *_: object, **__: object) -> None:
            self.consumer = None

        def subscriber(self, *_: object, **options: object) -> FakeBroker:
            given.update(options)
            return self

        async def start(self) -> None:
            return

        stop = start

    monkeypatch.setattr(kafka, "KafkaBroker", FakeBroker)
    source = open_source(Settings(intake_url="kafka://nowhere"))
    assert source is not None
    await source.open()
    await source.close()
    assert given["isolation_level"] == "read_committed"
    assert given["ack_policy"] is AckPolicy.MANUAL
