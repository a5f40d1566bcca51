"""Sample values: what pages show in place of the values that differ from run to run."""

from __future__ import annotations

import json
import re
from typing import Any

WIDTH = 118

_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")

# Values that differ from run to run: the pattern, the word that masks it when answers are compared, and the
# sample value that the documents show. Positions are the same in every run and are compared as they are.
# Ids are numbered instead: see SampleIds.
_VARYING = (
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "TIME", "2026-01-31T08:00:00.000Z"),
    (re.compile(r'(?<="instance":")[^"]+|(?<="instance": ")[^"]+'), "INSTANCE", "web-1:4711:5e0c9a41"),
    (
        re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"),
        "JWT",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl",
    ),
    (re.compile(r"\blnr_[\w-]{64}"), "REFRESH", "lnr_" + 64 * "A"),
    (
        re.compile(r'(?<="public_key":")[\w-]{87}|(?<="public_key": ")[\w-]{87}'),
        "PUBLIC_KEY",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    ),
    (re.compile(r"(?m)(?<=^id: )[0-9a-z]+(?=-)"), "EPOCH", "z4fpd8go"),
    (re.compile(r"(?m)(?<=[0-9]-)[0-9a-f]{6}$"), "CHECK", "5e1f0c"),
    (re.compile(r"(?m)(?<=^retry: )\d+$"), "MS", "2417"),
    (re.compile(r'(?<="age_seconds":)[\d.]+|(?<="age_seconds": )[\d.]+'), "0.25", "0.25"),
)


def masked(text: str) -> str:
    """Replace every value that differs from run to run by a fixed word."""
    text = _ID.sub("ID", text)
    for pattern, word, _ in _VARYING:
        text = pattern.sub(word, text)
    return text


class SampleIds:
    """The ids of one document, one to one with those of the server, so that a reader can follow each id."""

    def __init__(self) -> None:
        self._samples: dict[str, str] = {}

    def agree(self, kind: str, told: str, answer: str) -> bool:
        """Whether each id of an answer stands where the document has its sample, here and in every block."""
        for sample, real in zip(ids_in(kind, told), ids_in(kind, answer), strict=True):
            if self._samples.setdefault(real, sample) != sample:
                return False
        return len(set(self._samples.values())) == len(self._samples)

    def numbered(self, text: str) -> str:
        """Replace each id by its sample: the first id of a document ends in 1, the second in 2, and so on."""
        return _ID.sub(lambda found: self._samples.setdefault(found[0], self._next()), text)

    def _next(self) -> str:
        return f"01a20185-0647-7000-a5ee-{len(self._samples) + 1:012}"


def ids_in(kind: str, text: str) -> list[str]:
    """Return all ids of a block, in an order that does not depend on the order of JSON's fields."""
    return _ID.findall(json.dumps(json.loads(text), sort_keys=True) if kind == "json" else text)


def exemplary(text: str, ids: SampleIds) -> str:
    """Replace every value that differs from run to run by its sample value."""
    text = ids.numbered(text)
    for pattern, _, value in _VARYING:
        text = pattern.sub(value, text)
    return text


def is_the_same(kind: str, told: str, answer: str) -> bool:
    """Whether a block stays as it is: the same values, and the same ids in the same places."""
    if ids_in(kind, told) != ids_in(kind, answer):
        return False
    told, answer = masked(told), masked(answer)
    if kind == "json":
        return bool(json.loads(answer) == json.loads(told))
    return answer.strip() == told.strip()


def laid_out(value: Any, indent: int = 0) -> str:
    """Return JSON as the documents have it: lines filled up to WIDTH, objects of a list each on its own."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) < WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    if isinstance(value, list) and isinstance(value[0], dict):
        pad = "\n" + " " * (indent + 1)
        return "[" + pad + ("," + pad).join(laid_out(one, indent + 1) for one in value) + "]"
    parts = (
        [laid_out(one, indent + 1) for one in value]
        if isinstance(value, list)
        else [f"{json.dumps(name)}: {laid_out(one, indent + 1)}" for name, one in value.items()]
    )
    lines = [""]
    for part in parts:
        if lines[-1] and (indent + 3 + len(lines[-1]) + len(part) > WIDTH or "\n" in lines[-1] + part):
            lines.append("")
        lines[-1] += (", " if lines[-1] else "") + part
    start, end = "[]" if isinstance(value, list) else "{}"
    return start + (",\n" + " " * (indent + 1)).join(lines) + end
