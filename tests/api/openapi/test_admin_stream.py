"""Admin stream: the frames of the stream of administrators are as the document says."""

from __future__ import annotations

from typing import Any

from documents import faults
from lumen_notify.deliver.admin.snapshot import snapshot
from lumen_notify.metrics.buckets import DURATION_BUCKETS
from lumen_notify.metrics.figures import Figures, OutageFigure

BEFORE = Figures(
    at_seconds=1.0,
    streams=1,
    streams_by_device={"mobile": 1},
    users=1,
    users_by_device={},
    users_online=1,
    events_total={"notification": 1},
    deliveries_total=1,
    commits_total=[0.0] * (len(DURATION_BUCKETS) + 1),
    waiting_commands=1,
    backlog_bytes=1,
    scheduled=1,
    pushes_due=1,
    pushes_total={("fcm", "taken"): 1},
    ended_total={"gone": 1},
    outages=(OutageFigure(what="writes", seconds=1.0),),
)


def figures_faults(document: Any, frame: Any) -> list[str]:
    return faults(document, {"$ref": "#/components/schemas/FiguresFrame"}, frame)


async def test_figures_are_described(document: Any) -> None:
    for kept in ({}, {"a": [BEFORE]}, {"a": [BEFORE, BEFORE]}):
        assert figures_faults(document, snapshot(kept, 0)) == []


async def test_a_field_that_is_not_described_is_found(document: Any) -> None:
    assert figures_faults(document, {**snapshot({}, 0), "more": 1}) != []


async def test_the_stream_has_figures_and_closing(document: Any) -> None:
    event = document["components"]["schemas"]["AdminEvent"]
    assert event["discriminator"]["mapping"].keys() == {"figures", "closing"}
