"""Log settings: those of logs and traces, a part of `Settings`."""

from __future__ import annotations

from pydantic_settings import BaseSettings

from lumen_notify.settings.checks import LogFormat, LogLevel, Switch


class LogSettings(BaseSettings):
    """The settings of logs and traces."""

    log_level: LogLevel = "info"
    """The least severe lines to log: debug, info, warning, error, critical."""

    log_format: LogFormat = "auto"
    """How log lines look: `text` for people, `logfmt`, `json`, or `auto`: text on a terminal, else logfmt."""

    access_log: Switch = "off"
    """Whether each request is logged, without its query."""

    tracing: Switch = "off"
    """Whether requests are traced by OpenTelemetry, as its `OTEL_` variables say; needs the extra
    `lumen-notify[otel]`."""
