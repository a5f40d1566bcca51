"""Encoding: values as compact JSON, and JSON that has no line breaks for any reader."""

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


_LINE_SEPARATORS = (("\u0085", "\\u0085"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))


def escape_line_separators(json: str) -> str:
    """Escape U+0085, U+2028 and U+2029 in JSON, where they occur in strings only.

    An event stream has lines, and clients that split them by `str.splitlines` or the like break at these
    too. Other characters that they break at are control characters, which JSON always escapes.
    """
    if not json.isascii():
        for character, escaped in _LINE_SEPARATORS:
            json = json.replace(character, escaped)
    return json


def json_line(value: Any) -> bytes:
    """Encode a value as JSON in UTF-8, with line separators escaped."""
    encoded = pydantic_core.to_json(value)
    return encoded if encoded.isascii() else escape_line_separators(encoded.decode()).encode()
