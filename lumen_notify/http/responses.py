"""Answers: JSON that nobody on the way may keep: it is one caller's, at one moment."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from lumen_notify.model import to_json

_HEADERS = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))


class JsonText(Response):
    """What is JSON already. Its headers are always the same, and made in a third of the time."""

    media_type = "application/json"

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Set them: Starlette calls this."""
        assert headers is None
        self.raw_headers = [(b"content-length", b"%d" % len(self.body)), *_HEADERS]


def answer(value: object, status: int = 200) -> Response:
    """Answer with a value, as JSON."""
    return JsonText(to_json(value), status)


def answer_text(text: str, status: int = 200) -> Response:
    """Answer with what is JSON already."""
    return JsonText(text, status)
