"""Retention settings: how long rows are kept, a part of `Settings`.

Not here: what became of pushes (`push_settings`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from lumen_notify.settings.checks import DAY, TEN_YEARS, RetentionSeconds


class RetentionSettings(BaseSettings):
    """The settings of retention."""

    retention_events_seconds: RetentionSeconds = 7 * DAY
    """How many seconds an event can be replayed, from 60 to ten years; an older cursor gets `reset`. 0 means
    forever."""

    retention_events: Annotated[int, Field(ge=0, le=10**12)] = 1_000_000
    """How many of the newest events are kept, once they are a minute old; 0 means no limit."""

    retention_notifications_seconds: RetentionSeconds = 365 * DAY
    """After how many seconds a notification is removed, read or not, from 60 to ten years; 0 means never."""

    retention_notifications: Annotated[int, Field(ge=0, le=10**9)] = 0
    """How many of the newest notifications are kept for each user, for each room and for all users; 0 means
    no limit."""

    retention_archived_seconds: Annotated[int, Field(ge=0, le=TEN_YEARS)] = 30 * DAY
    """After how many seconds a notification to one user, archived by this user, is removed, at most ten
    years; 0 means never."""

    retention_idempotency_seconds: RetentionSeconds = DAY
    """How many seconds an `Idempotency-Key` is remembered, and which messages intake has taken, from 60 to
    ten years; 0 means forever."""

    retention_audit_seconds: RetentionSeconds = 365 * DAY
    """How many seconds it is known what administrators did, from 60 to ten years; 0 means forever."""
