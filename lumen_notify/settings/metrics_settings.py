"""Metrics settings: those of metrics, a part of `Settings`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from lumen_notify.settings.checks import Switch


class MetricsSettings(BaseSettings):
    """The settings of metrics."""

    metrics: Switch = "on"
    """Whether the server answers at `/metrics`."""

    count_sample_seconds: Annotated[float, Field(ge=0, le=3600)] = 5.0
    """How often the unread counts of a connected user are compared with the database, for the metric
    `lumen_count_drift`, at most 3,600 seconds; 0 means never."""
