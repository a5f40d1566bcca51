"""Events of each kind, and what is read back from a frame."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from lumen_notify.model import Audience, Counts, Event, check_of, to_json

# What ends a line somewhere: in this protocol, in Unicode, in JSON's ancestors.
line_ends = st.sampled_from(
    ["\n", "\r", "\r\n", "\n\n", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x00", "data: ", "id: 9\n", ":"]
)
texts = st.lists(line_ends | st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=6).map(
    "".join
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
numbers = st.dictionaries(texts, st.integers(1, 10**6), max_size=3)


ID = f"epoch-7-{check_of('user:ann', 0)}"
"""The id of an event's frame."""


def event(kind: str = "notification", position: int = 7, **fields: Any) -> Event:
    body: dict[str, Any] = {"content": "hi"}
    if kind != "notification":
        body = {"data": {}, "categories": {}, "rooms": {}}
    return Event(
        position=position,
        audience=Audience("user:ann"),
        kind=kind,
        category=fields.pop("category", "like" if kind == "notification" else None),
        body=to_json(body | fields),
        created_at=0,
    )


def counters(**categories: int) -> Counts:
    return Counts(categories, {})


def read_one(chunks: bytes) -> dict[str, str]:
    """Read the one event that one chunk must hold, line by line as HTML, section 9.2.6, has it."""
    size, separator, rest = chunks.partition(b"\r\n")
    assert separator
    payload = rest.removesuffix(b"\r\n")
    assert len(payload) == int(size, 16) == len(rest) - 2
    lines = re.split("\r\n|\r|\n", payload.decode())
    assert lines[-2:] == ["", ""], "an event ends with an empty line"
    assert all(lines[:-2]), "and has none inside"
    fields = dict(line.split(": ", 1) for line in lines[:-2])
    assert len(fields) == len(lines) - 2
    return fields
