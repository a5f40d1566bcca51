"""Registry: opens the providers that the settings name.

A name is that of a module here, or of an entry point of the group `lumen_notify.push`: a class that is called
with the settings.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.errors import Misconfigured
from lumen_notify.exception_text import type_and_place
from lumen_notify.push.http_client import HAS_HTTP2
from lumen_notify.push.provider import GROUP, Provider
from lumen_notify.settings import Settings, variable

BUILT_IN = ("fcm", "apns", "webpush", "webhook", "log")
"""Each is a module here with `open_provider`."""

NEEDS_HTTP2 = frozenset(("apns",))

_METHODS = ("send", "config", "close")

_log = logging.getLogger("lumen_notify.push")


async def open_providers(settings: Settings, database: Database) -> Mapping[str, Provider]:
    """Return the providers by name, in the order of the settings; none if push is off. Raises Misconfigured,
    with all problems, and DatabaseUnavailable."""
    problems: list[tuple[str, str]] = []
    providers: dict[str, Provider] = {}
    own = {point.name: point for point in entry_points(group=GROUP)}
    try:
        for name in dict.fromkeys(settings.push_provider_names):
            try:
                if name in BUILT_IN:
                    providers[name] = await _open_built_in(name, settings, database)
                elif name in own:
                    providers[name] = _open_own(own[name], settings)
                else:
                    raise _problem(f"has {name}, which is none of {', '.join((*BUILT_IN, *sorted(own)))}")
            except Misconfigured as error:
                problems += error.problems
        if problems:
            raise Misconfigured(problems)
    except BaseException:
        await close_providers(list(providers.values()))
        raise
    return providers


async def close_providers(providers: Sequence[Provider]) -> None:
    """Close all of them. One that raises does not keep the others open."""
    for provider in providers:
        try:
            await provider.close()
        except Exception as error:  # noqa: BLE001 - of the application's own
            _log.warning("The provider %s could not be closed: %s", provider.name, type_and_place(error))


async def _open_built_in(name: str, settings: Settings, database: Database) -> Provider:
    missing = _problem(f"has {name}, which needs libraries: pip install 'lumen-notify[push]'")
    if name in NEEDS_HTTP2 and not HAS_HTTP2:
        raise missing
    try:
        module = import_module(f"lumen_notify.push.providers.{name}")
    except ModuleNotFoundError:
        raise missing from None
    provider: Provider = await module.open_provider(settings, database)
    return provider


def _open_own(point: EntryPoint, settings: Settings) -> Provider:
    try:
        provider: Any = point.load()(settings)
    except Misconfigured:
        raise
    except Exception as error:  # whatever the application's code raises
        raise _problem(
            f"has {point.name}, but {point.value} raises {type(error).__name__}: {error}"
        ) from error
    lacks = [method for method in _METHODS if not callable(getattr(provider, method, None))]
    if lacks:
        raise _problem(f"has {point.name}, but {point.value} has no method {' and '.join(lacks)}")
    if getattr(provider, "name", None) != point.name:
        raise _problem(f"has {point.name}, but `name` of {point.value} is not {point.name!r}")
    opened: Provider = provider
    return opened


def _problem(text: str) -> Misconfigured:
    return Misconfigured([(variable("push_providers"), text)])
