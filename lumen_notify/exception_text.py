"""Exception text: what a log may show of an exception.

Promise: no value of a request, a row or a setting. The texts of many exceptions have one: a KeyError its key,
an error of PostgreSQL the row that it refuses, a validator the input. So a text is shown only where it is
known to have none; of the others, the type. An exception of an application that our server serves, and that
has not passed through our code, is shown as it is.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

MAX_CHARACTERS = 300
"""Of the text of one exception."""

MAX_FRAMES = 40
"""Of the traceback of one exception: the innermost."""

MAX_EXCEPTIONS = 10
"""Of one chain or group."""

_PACKAGE = "lumen_notify"
_CONNECTIONS = f"{_PACKAGE}.deliver.connection"
"""Code below any application that our server serves."""

_BUILTIN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    IndexError,
    MemoryError,
    NameError,
    OSError,
    RuntimeError,
    TypeError,
)
"""Python's own exceptions whose texts name types, names, files and addresses."""

_MODULES = frozenset(
    {
        *("asyncio.exceptions", "socket", "sqlite3", "ssl", "urllib.error"),
        *("redis.exceptions", "redis.sentinel", "redis.asyncio.sentinel"),
        *("aiokafka.errors", "aiormq.exceptions", "nats.errors", "nats.js.errors"),
    }
)
"""Modules whose exceptions have no values in their texts, besides what `_ARGUMENTS` matches."""

_ARGUMENTS = re.compile(r",? with args beginning with.*", re.DOTALL)
"""Redis repeats the arguments of a command that it does not know."""

_DATA_EXCEPTION = "22"
"""The class of PostgreSQL's errors whose texts have the value
(postgresql.org/docs/current/errcodes-appendix.html)."""


def describe(error: BaseException) -> str:
    """Return the words of an exception on one line; its type if they may have a value, or if it has none."""
    words = " ".join(_words(error).split())
    return words[:MAX_CHARACTERS] or type(error).__name__


def type_and_place(error: BaseException) -> str:
    """Return the type of an exception and where it was raised: for those of providers, which are given tokens
    and content."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _words(error: BaseException) -> str:
    module = type(error).__module__
    if module.partition(".")[0] == _PACKAGE:
        return str(error)
    if module.partition(".")[0] == "asyncpg":
        return _words_of_asyncpg(error)
    if module in _MODULES or (module == "builtins" and isinstance(error, _BUILTIN)):
        return _ARGUMENTS.sub("", str(error))
    return ""


def _words_of_asyncpg(error: BaseException) -> str:
    """Return the first line of the server, without its DETAIL, which has the row."""
    is_about_value = isinstance(error, ValueError) or str(getattr(error, "sqlstate", "")).startswith(
        _DATA_EXCEPTION
    )
    return "" if is_about_value or not error.args else str(error.args[0])


def trace_of(error: BaseException) -> str:
    """Return the traceback of an exception and of those that it came from, with `describe` as their texts."""
    if not _has_passed_through_ours(error):
        return "".join(traceback.format_exception(error)).rstrip("\n")
    return "\n".join(_lines(error, set()))


def _has_passed_through_ours(error: BaseException) -> bool:
    """Return whether our code, other than that of connections, is in a traceback of the chain."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        if isinstance(found, BaseExceptionGroup) or any(map(_is_ours, _modules(found.__traceback__))):
            return True
        found = _origin(found)
    return False


def _modules(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        yield str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next


def _is_ours(module: str) -> bool:
    return f"{module}.".startswith(f"{_PACKAGE}.") and not module.startswith(_CONNECTIONS)


def _origin(error: BaseException) -> BaseException | None:
    """Return the exception that another one came from, as Python's own traceback shows it."""
    if error.__cause__ is not None:
        return error.__cause__
    return None if error.__suppress_context__ else error.__context__


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    origin = _origin(error)
    if origin is not None and id(origin) not in seen and len(seen) < MAX_EXCEPTIONS:
        yield from _lines(origin, seen)
        yield "It led to:"
    yield "Traceback (most recent call last):"
    for frame in traceback.format_tb(error.__traceback__, limit=-MAX_FRAMES):
        yield from frame.rstrip("\n").splitlines()
    name, words = type(error).__name__, describe(error)
    yield name if words == name else f"{name}: {words}"
    for one in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if id(one) not in seen and len(seen) < MAX_EXCEPTIONS:
            yield "One of the group:"
            yield from _lines(one, seen)
