"""docs/intake.md: its examples are good messages, and it misses no type, broker and metric."""

from __future__ import annotations

import asyncio
import json
import re
import shlex

from lumen_notify.errors import LumenError
from lumen_notify.http.context import Limits
from lumen_notify.intake.dead_letters import dead_letter
from lumen_notify.intake.envelopes import ENVELOPES
from lumen_notify.intake.reader import read
from lumen_notify.intake.service import IntakeService
from lumen_notify.intake.source import Incoming
from lumen_notify.intake.taker import Taker
from lumen_notify.metrics import Metrics
from lumen_notify.outages import Outage
from lumen_notify.settings import Settings
from lumen_notify.settings.intake_url import NAMES
from pages import DOCS, TEXTS, blocks

PAGE = TEXTS[DOCS / "intake.md"]
LIMITS = Limits.from_settings(Settings())
NOW = 1_769_846_400_000  # 2026-01-31T08:00:00Z


def command_of(body: str) -> object:
    position = {"broker": "kafka", "topic": "orders", "partition": 0, "offset": 17}
    message = Incoming(source="kafka:orders:0", id="17@1", body=body.encode(), position=position)
    return read(message, LIMITS, NOW).command


def test_its_messages_are_accepted() -> None:
    examples, _ = (content for _, content in blocks(PAGE, "json"))
    lines = examples.splitlines()
    assert len(lines) == 3
    for line in lines:
        assert not isinstance(command_of(line), Exception), line


def test_its_command_writes_a_message() -> None:
    _, write = (content for _, content in blocks(PAGE, "sh"))
    *command, body = shlex.split(write)
    assert command == ["redis-cli", "XADD", "orders", "*", "body"]
    assert not isinstance(command_of(body), Exception)


def test_its_dead_letter_is_what_is_written() -> None:
    _, content = (content for _, content in blocks(PAGE, "json"))
    shown = json.loads(content)
    position = shown["source"]
    message = Incoming(source="kafka:orders:0", id="17@1", body=shown["message"].encode(), position=position)
    refusal = read(message, LIMITS, NOW).command
    assert isinstance(refusal, LumenError)
    assert json.loads(dead_letter(message, refusal, NOW).body) == shown


def test_it_has_all_types_and_brokers() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| `body`", PAGE, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(ENVELOPES)
    (heads,) = re.findall(r"^\| \| (Kafka .*) \|$", PAGE, re.MULTILINE)
    assert heads.split(" | ") == list(NAMES.values())


async def test_it_has_all_metrics() -> None:
    metrics, stopping = Metrics(), asyncio.Event()
    before = {one.name for one in metrics.descriptions}
    taker = Taker(_never, LIMITS, lambda: NOW, stopping)
    service = IntakeService(
        None,  # type: ignore[arg-type]
        taker,
        _never,
        lambda: NOW,
        stopping=stopping,
        outage=Outage("intake"),
    )
    service.register(metrics)
    added = {one.name for one in metrics.descriptions} - before
    assert len(added) == 3
    assert set(re.findall(r"^\| `(lumen_intake_\w+)", PAGE, re.MULTILINE)) == added


async def _never(_: object) -> None:
    raise AssertionError
