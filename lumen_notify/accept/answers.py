"""Answers: JSON that nobody on the way may keep: it is one caller's, at one moment."""

from __future__ import annotations

from starlette.responses import Response

from lumen_notify.model import to_json

HEADERS = {"cache-control": "no-store"}


def answer(value: object, status: int = 200) -> Response:
    """Answer with a value, as JSON."""
    return answer_text(to_json(value), status)


def answer_text(text: str, status: int = 200) -> Response:
    """Answer with what is JSON already."""
    return Response(text, status, headers=HEADERS, media_type="application/json")
