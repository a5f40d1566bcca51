"""Checks: how a setting's text is read, and what may be wrong with its value.

A check returns what is wrong, as text to follow the variable's name, or None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from lumen_notify.settings.rate import Rate
from lumen_notify.settings.secret import MIN_SECRET_BYTES, Secret

Value = TypeVar("Value")

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


def setting(
    default: Value, read: Callable[[str], Any], check: Callable[[Any], str | None], doc: str
) -> Value:
    """Make a field of a dataclass: `read` makes its value of text (ValueError: it cannot), `check` says what
    is wrong with a value, or None."""
    return field(default=default, metadata={"read": read, "check": check, "doc": doc})


def between(lowest: float, highest: float) -> Callable[[Any], str | None]:
    """Check that a number lies between two, both included."""
    # Written so that NaN, which compares false with everything, is a problem too.
    return lambda value: None if lowest <= value <= highest else f"must be from {lowest:,} to {highest:,}"


def zero_or(lowest: float, highest: float) -> Callable[[Any], str | None]:
    """Check that a number is 0, or lies between two."""
    problem = f"must be 0, or from {lowest:,} to {highest:,}"
    return lambda value: None if value == 0 or lowest <= value <= highest else problem


def above_zero(highest: float) -> Callable[[Any], str | None]:
    """Check that a number is above 0, and at most the highest."""
    return lambda value: None if 0 < value <= highest else f"must be above 0, at most {highest:,}"


def origins(text: str) -> tuple[str, ...]:
    """Read origins, split by commas."""
    return tuple(origin.strip().lower() for origin in text.split(",") if origin.strip())


def lower(text: str) -> str:
    """Read a word in whatever case."""
    return text.lower()


def check_switch(value: str) -> str | None:
    """Check that it is `on` or `off`."""
    return None if value in ("on", "off") else "must be on or off"


def check_rate(value: str) -> str | None:
    """Check that it is a rate, or that there is none."""
    if value not in ("off", "0"):
        try:
            Rate.parse(value)
        except ValueError as error:
            return f"{error}; or off"
    return None


def check_text(value: str | None) -> str | None:
    """Check that text can be printed."""
    if value is not None and (not value or not value.isprintable()):
        return "must be printable text"
    return None


def check_path(value: object) -> str | None:
    """Check that it is a path."""
    return None if value is None or isinstance(value, Path) else "must be a path"


def check_host(value: str) -> str | None:
    """Check that it can be listened on."""
    if not value or re.search(r"[\s/@\[\]]", value):
        return "must be an address or a host name, without port and brackets"
    return None


def check_log_level(value: str) -> str | None:
    """Check that there is such a level."""
    return None if value in LOG_LEVELS else f"must be one of {', '.join(LOG_LEVELS)}"


def check_origins(value: tuple[str, ...]) -> str | None:
    """Check that each is an origin (RFC 6454), or that all are allowed."""
    for origin in value:
        if origin != "*" and not re.fullmatch(r"https?://[^\s/?#@*]+", origin):
            return "must be origins such as https://app.example, without a path, split by commas"
    return "cannot join * with other origins" if "*" in value and len(value) > 1 else None


def check_secret(value: object) -> str | None:
    """Check that it is long enough, and wrapped."""
    if value is None:
        return None
    if not isinstance(value, Secret):
        return "must be wrapped in Secret(...)"
    try:
        size = len(value.reveal().encode())
    except UnicodeEncodeError:
        return "must be UTF-8 text"
    if size < MIN_SECRET_BYTES:
        return f"is {size} bytes long; HS256 needs at least {MIN_SECRET_BYTES}"
    return None


def check_key_url(value: str | None) -> str | None:
    """Check where a key set is to be read."""
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "must be an http:// or https:// URL"
    if not is_good or not value.isprintable() or " " in value:
        return "must be an http:// or https:// URL"
    if "@" in parts.netloc:
        return "must not contain a user name or a password"
    return None


def check_database_url(value: str) -> str | None:
    """Check that it names one of the two databases."""
    forms = "must be sqlite:///file, sqlite:////absolute/file or postgresql://user@host/name"
    if not value.isprintable():
        return forms
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return "cannot be parsed; '@', ':', '/', '?' and '#' in a password must be percent-encoded"
    if parts.scheme == "sqlite":
        if ":memory:" in parts.path:
            return "must name a file: several connections share it, and each memory is its own"
        is_file = value.startswith("sqlite:///") and not parts.path.endswith("/")
        return None if is_file and not parts.fragment else forms
    if parts.scheme != "postgresql":
        is_alias = parts.scheme.startswith(("postgres", "postgresql+"))
        return "must begin with postgresql://, as it stands" if is_alias else forms
    if "@" in parts.path or "@" in parts.fragment or port == 0:
        return "cannot be parsed; '@', ':', '/', '?' and '#' in a password must be percent-encoded"
    if not value.startswith("postgresql://") or "/" in parts.path[1:] or parts.fragment:
        return forms
    return None if len(parts.path) > 1 else "must name a database: postgresql://user@host/name"
