"""Encoding: values as compact JSON."""

from __future__ import annotations

from typing import Any

import pydantic_core


def to_json(value: Any) -> str:
    """Encode compactly, without escapes that JSON does not need. It takes a fifth of the time of `json`."""
    return pydantic_core.to_json(value).decode()


def encoded_bytes(text: str) -> int:
    """Return the length of a text in UTF-8. For ASCII, which most texts are, nothing is encoded."""
    return len(text) if text.isascii() else len(text.encode())


def json_bytes(value: Any) -> int:
    """Return how many bytes a value takes as JSON."""
    return len(pydantic_core.to_json(value))
