"""Publications: the body of a good one, to be made wrong by a test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from lumen_notify.model import to_json

GOOD: dict[str, Any] = {"to": {"user": "bob"}, "category": "like", "content": "hello"}


def body_with(**changes: Any) -> bytes:
    return to_json({**GOOD, **changes}).encode()


@contextlib.contextmanager
def case(name: str) -> Iterator[None]:
    """Name the case that failed."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"case: {name[:100]}")
        raise
