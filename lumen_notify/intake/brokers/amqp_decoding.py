"""AMQP decoding: properties of messages that the client cannot read end no connection.

The client reads a message's properties before it gives the message to anyone, and closes its connection where
they are no UTF-8, or a time after the year 9999, such as one in nanoseconds. Such a message would come again
after each connection, and no other would get through. So those values are read as something that is accepted:

| what cannot be read | is read as |
|---|---|
| a short text, such as `message_id` | its bytes as `surrogateescape` has them |
| a time | the latest one |
| headers | none |
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pamqp import decode

LATEST = datetime(9999, 12, 31, tzinfo=UTC)

Decode = Callable[[bytes], tuple[int, Any]]


def read_all_properties() -> None:
    """Let the client's decoders read any value. Does nothing more when it is called again."""
    methods: dict[Any, Any] = decode.METHODS
    for kind, instead in (
        ("shortstr", _short_text),
        ("timestamp", _time),
        ("table", _no_table),
    ):
        if not getattr(methods[kind], "reads_all", False):
            methods[kind] = _tolerant(methods[kind], instead)


def _tolerant(given: Decode, instead: Decode) -> Decode:
    def read(value: bytes) -> tuple[int, Any]:
        try:
            return given(value)
        except Exception:  # noqa: BLE001 - whatever the value is
            return instead(value)

    read.reads_all = True  # type: ignore[attr-defined]
    return read


def _short_text(value: bytes) -> tuple[int, str]:
    return 1 + value[0], value[1 : 1 + value[0]].decode("utf-8", "surrogateescape")


def _time(_value: bytes) -> tuple[int, datetime]:
    return 8, LATEST


def _no_table(value: bytes) -> tuple[int, dict[str, Any]]:
    (length,) = struct.unpack(">I", value[:4])
    return 4 + length, {}
