"""Exception text: words that are useful, and no values."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import TypeAdapter
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from lumen_notify.errors import DatabaseUnavailable, Invalid
from lumen_notify.exception_text import MAX_CHARACTERS, MAX_FRAMES, describe, trace_of, type_and_place
from lumen_notify.supervisor import Supervisor

VALUE = "a-value-of-a-row"


def of_postgresql(kind: type[asyncpg.PostgresError], message: str, detail: str | None) -> Exception:
    error: Any = kind(message)
    error.detail = detail
    return error  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DatabaseUnavailable("The database\ndoes not answer."), "The database does not answer."),
        (Invalid("must be text", field="a"), "`a` must be text."),
        (ConnectionRefusedError(111, "Connection refused"), "[Errno 111] Connection refused"),
        (sqlite3.IntegrityError("UNIQUE constraint failed: a.b"), "UNIQUE constraint failed: a.b"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (TypeError("'int' object is not callable"), "'int' object is not callable"),
        (RedisConnectionError("Connection refused."), "Connection refused."),
        (KafkaConnectionError("Unable to bootstrap"), "KafkaConnectionError: Unable to bootstrap"),
        (
            of_postgresql(asyncpg.UniqueViolationError, 'violates "a_key"', f"Key (a)=({VALUE})"),
            'violates "a_key"',
        ),
        (RuntimeError("x" * 1000), "x" * MAX_CHARACTERS),
    ],
    ids=lambda value: type(value).__name__,
)
def test_text_without_values_is_shown(error: Exception, words: str) -> None:
    assert describe(error) == words


def test_exception_of_a_provider_is_its_type_and_place() -> None:
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError(VALUE)
    assert re.fullmatch(r"RuntimeError in test_exception_text\.py:\d+", type_and_place(caught.value))
    assert type_and_place(RuntimeError(VALUE)) == "RuntimeError"


def invalid_json() -> Exception:
    with pytest.raises(ValueError, match=VALUE) as caught:
        TypeAdapter(int).validate_python(VALUE)
    return caught.value


class OfAnApplication(RuntimeError):
    """An exception whose text nobody here knows."""


@pytest.mark.parametrize(
    "error",
    [
        KeyError(VALUE),
        ValueError(VALUE),
        UnicodeEncodeError("ascii", VALUE, 0, 1, VALUE),
        OfAnApplication(VALUE),
        invalid_json(),
        asyncpg.DataError(f"invalid input for query argument $1: {VALUE!r}"),
        of_postgresql(asyncpg.InvalidTextRepresentationError, f'invalid input syntax: "{VALUE}"', None),
        of_postgresql(asyncpg.NotNullViolationError, "null value", f"Failing row contains ({VALUE})."),
        ResponseError(f"unknown command 'AUTH', with args beginning with: '{VALUE}'"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_text_with_values_is_not(error: Exception) -> None:
    assert VALUE in str(error)
    assert VALUE not in describe(error)
    assert describe(error)


def raised(work: Callable[[], object]) -> BaseException:
    """Return what `work` raises, once it has passed through our code."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - it may be anything
        through_ours(work)
    return caught.value


def through_ours(work: Callable[[], object]) -> None:
    ours = compile("def call(work): work()", Supervisor.__module__, "exec")
    names: dict[str, Any] = {"__name__": Supervisor.__module__}
    exec(ours, names)  # noqa: S102 - a frame of a module of ours
    names["call"](work)


def chain() -> None:
    try:
        json.loads(VALUE)
    except ValueError as error:
        raise KeyError(VALUE) from error


def group() -> None:
    raise ExceptionGroup(VALUE, [ValueError(VALUE), RuntimeError("two")])


def test_trace_has_each_exception_of_a_chain_without_its_values() -> None:
    trace = trace_of(raised(chain))
    assert VALUE not in trace
    first, _, second = trace.partition("\nIt led to:\n")
    assert first.startswith("Traceback (most recent call last):\n  File ")
    assert first.splitlines()[-1] == "JSONDecodeError"
    assert "in chain" in second
    assert second.splitlines()[-1] == "KeyError"


def test_trace_has_each_exception_of_a_group_without_its_values() -> None:
    trace = trace_of(raised(group))
    assert VALUE not in trace
    assert trace.count("One of the group:") == 2
    assert trace.splitlines()[-1] == "RuntimeError: two"


def test_notes_are_not_shown() -> None:
    def work() -> None:
        error = RuntimeError("a word")
        error.add_note(VALUE)
        raise error

    assert trace_of(raised(work)).endswith("RuntimeError: a word")


def test_trace_of_a_deep_recursion_is_bounded() -> None:
    def even(n: int) -> int:
        return odd(n) + 1

    def odd(n: int) -> int:
        return even(n) + 1

    assert len(trace_of(raised(lambda: even(1))).splitlines()) <= 4 * MAX_FRAMES


def test_circle_of_causes_ends() -> None:
    def work() -> None:
        first, second = ValueError(VALUE), ValueError(VALUE)
        first.__cause__, second.__cause__ = second, first
        raise first

    assert trace_of(raised(work)).count("ValueError") == 2


def test_exception_of_an_application_is_shown_as_it_is() -> None:
    with pytest.raises(KeyError) as caught:
        chain()
    trace = trace_of(caught.value)
    assert trace.endswith(f"KeyError: '{VALUE}'")
    assert "The above exception was the direct cause" in trace
