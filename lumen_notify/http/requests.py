"""Requests: the caller, the body and the query of a request.

Promise: a body is read up to its limit and no further. Everything that is wrong with it is reported at once,
by field, without repeating what was sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from lumen_notify.auth import Principal, Verifier, bearer
from lumen_notify.errors import Fault, Invalid, TooLarge
from lumen_notify.http.fields import slug

MAX_PAGE = 100
DEFAULT_PAGE = 20

MAX_FAULTS = 20
"""The most faults in one problem document."""

Parsed = TypeVar("Parsed")


def caller(request: Request, verifier: Verifier) -> Awaitable[Principal]:
    """Return the user whose token the request carries. Raises Unauthenticated."""
    return verifier.verify(bearer(header(request, b"authorization")))


def header(request: Request, name: bytes) -> str | None:
    """Return the first value of a header, None without one. name: in lower case.

    As `request.headers.get`, in a fifth of the time.
    """
    for key, value in request.scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None


def sender_of(principal: Principal) -> dict[str, Any]:
    """Return the caller as a sender: `{id, username, avatar}`."""
    username = principal.username or principal.user_id
    return {"id": principal.user_id, "username": username, "avatar": principal.avatar}


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the whole body. Raises TooLarge as soon as it exceeds max_bytes (0: no limit)."""
    announced = header(request, b"content-length") or "0"
    if 0 < max_bytes < (int(announced) if announced.isdecimal() else 0):
        raise TooLarge(f"The body may have at most {max_bytes} bytes; this one has {announced}.")
    services: list[bytes] = []
    size = 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Invalid("The connection ended before the body was complete.")
        services.append(message.get("body", b""))
        size += len(services[-1])
        if 0 < max_bytes < size:
            raise TooLarge(f"The body may have at most {max_bytes} bytes.")
        if not message.get("more_body", False):
            return b"".join(services)


def parse(adapter: TypeAdapter[Parsed], body: bytes, context: Mapping[str, Any] | None = None) -> Parsed:
    """Validate JSON. Raises Invalid with a fault for each field."""
    try:
        return adapter.validate_json(body, context=context)
    except ValidationError as error:
        raise invalid(error) from None


class _Errors(Protocol):
    def errors(self, *, include_url: bool, include_context: bool, include_input: bool) -> list[Any]: ...


def invalid(error: _Errors) -> Invalid:
    """Turn pydantic's error into ours: fields by dotted path, never the input."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    faults = [
        Fault(field=".".join(map(str, one["loc"])) or "body", message=_message(one))
        for one in found[:MAX_FAULTS]
    ]
    return Invalid.of(faults, number=len(found))


def _message(one: Mapping[str, Any]) -> str:
    if one["type"] == "extra_forbidden":
        return "is not a known field"
    if one["type"] == "missing":
        return "is required"
    message: str = one["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


class Query:
    """The query parameters of one request. Each method takes one; `done` refuses those that are left."""

    def __init__(self, request: Request) -> None:
        self._values = dict(request.query_params)

    def text(self, name: str) -> str | None:
        """Take a text as it is; None if it is absent."""
        return self._values.pop(name, None)

    def category(self, name: str) -> str | None:
        """Take the name of a category; None if it is absent."""
        text = self._values.pop(name, None)
        try:
            return None if text is None else slug(text)
        except ValueError as error:
            raise Invalid(str(error), field=name) from None

    def number(self, name: str, *, default: int, lowest: int, highest: int) -> int:
        """Take a whole number within its limits."""
        text = self._values.pop(name, None)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < 20 and lowest <= int(text) <= highest):
            raise Invalid(f"must be a whole number from {lowest} to {highest}", field=name)
        return int(text)

    def limit(self) -> int:
        """Take the limit of a page."""
        return self.number("limit", default=DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)

    def flag(self, name: str) -> bool | None:
        """Take `true` or `false`; None if it is absent."""
        text = self._values.pop(name, None)
        if text not in (None, "true", "false"):
            raise Invalid("must be true or false", field=name)
        return None if text is None else text == "true"

    def done(self) -> None:
        """Refuse the parameters that are left. Raises Invalid."""
        if self._values:
            faults = [Fault(field=name[:64], message="is not a known parameter") for name in self._values]
            raise Invalid("The query has unknown parameters.", faults=faults[:MAX_FAULTS])
