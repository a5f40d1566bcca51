"""Opening: the tracer of a server, if it has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Settings, variable
from lumen_notify.tracing.tracer import Tracer

MESSAGE = "trace"
"""The message that tells other instances to which traces committed events belong."""


class Messages(Protocol):
    """The messages of other instances."""

    def handle(self, name: str, handler: Callable[[Mapping[str, Any]], None]) -> None:
        """Call `handler` with each message of this name."""


class Backplane(Protocol):
    """The way to the other instances."""

    def send(self, name: str, fields: Mapping[str, Any]) -> None:
        """Send a message to the other instances."""


def open_tracer(
    settings: Settings, instance: str, messages: Messages, backplane: Callable[[], Backplane]
) -> Tracer | None:
    """Return the tracer of a server; None without tracing. instance: its name. backplane: returns the one
    that it will have. Raises Misconfigured."""
    if settings.tracing == "off":
        return None
    try:
        from lumen_notify.tracing import otel  # noqa: PLC0415 - it needs an extra, and takes time to import
    except ModuleNotFoundError:
        problem = "needs libraries that are not installed: pip install 'lumen-notify[otel]'"
        raise Misconfigured([(variable("tracing"), problem)]) from None
    provider = otel.open_provider(instance)
    if provider is None:
        return None
    tracer = otel.OtelTracer(provider, instance, lambda fields: backplane().send(MESSAGE, fields))
    messages.handle(MESSAGE, tracer.receive)
    return tracer
