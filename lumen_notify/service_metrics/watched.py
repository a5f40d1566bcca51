"""Watched: the objects of a running server whose numbers are reported."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from lumen_notify.auth import Revocations
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.database import Database
from lumen_notify.commit.jobs.jobs import Jobs
from lumen_notify.deliver.backplane.backplane import Backplane
from lumen_notify.deliver.backplane.messages import Messages
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.presence.tracking import Tracking
from lumen_notify.deliver.streams.registry import StreamRegistry
from lumen_notify.deliver.tail import Tail
from lumen_notify.metrics import Metrics
from lumen_notify.push.service import PushService
from lumen_notify.supervisor import Supervisor


class Watched(Protocol):
    """The part of `services.Services` that is watched. dropped_scheduled: how many scheduled notifications
    were dropped, by reason."""

    instance: str
    revocations: Revocations
    metrics: Metrics
    supervisor: Supervisor
    database: Database
    committer: Committer
    jobs: Jobs
    dropped_scheduled: Counter[str]
    tail: Tail
    hub: Hub
    streams: StreamRegistry
    tracking: Tracking
    backplane: Backplane
    messages: Messages
    push: PushService
