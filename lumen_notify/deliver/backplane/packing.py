"""Packing: many items into messages that the backplane carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lumen_notify.model.encoding import json_bytes

MAX_ITEMS_BYTES = 3500
"""The items of one message, as JSON: a message has at most 4 KiB."""


def item_bytes(item: Any) -> int:
    """Return the size of an item in a message."""
    return json_bytes(item) + 1


def packed(items: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield lists of items, each of which fits into one message. An item that fits into none is left out."""
    part: list[Any] = []
    left = MAX_ITEMS_BYTES
    for item in items:
        size = item_bytes(item)
        if size > MAX_ITEMS_BYTES:
            continue
        if size > left:
            yield part
            part, left = [], MAX_ITEMS_BYTES
        part.append(item)
        left -= size
    if part:
        yield part
