"""Context: what all endpoints share: the token verifier, the committer, the limits and the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from pydantic import TypeAdapter
from starlette.requests import Request

from lumen_notify.auth import Principal, Verifier
from lumen_notify.http.requests import Parsed, caller, parse, read_body
from lumen_notify.model import value


class Committer(Protocol):
    """Commits commands."""

    async def submit(self, command: Any) -> Any:
        """Commit one command; return its result once it is durable. Raises its refusal (Refused), or
        Unavailable."""


@value
class Limits:
    """The limits of requests; 0 means no limit. max_batch_rows: recipients, ids or members in one request.
    max_rooms: rooms of one user, not counting direct ones."""

    max_body_bytes: int
    max_content_characters: int
    max_batch_rows: int
    max_rooms: int


@value
class Context:
    """What all endpoints share. clock: wall-clock milliseconds."""

    verifier: Verifier
    committer: Committer
    limits: Limits
    clock: Callable[[], int]

    def caller(self, request: Request) -> Awaitable[Principal]:
        """Return the user whose token the request carries. Raises Unauthenticated."""
        return caller(request, self.verifier)

    def read(self, request: Request) -> Awaitable[bytes]:
        """Read the body, up to its limit. Raises Invalid, TooLarge."""
        return read_body(request, self.limits.max_body_bytes)

    async def body(self, request: Request, adapter: TypeAdapter[Parsed]) -> Parsed:
        """Read and validate the body. Raises Invalid, TooLarge."""
        return self.parse(adapter, await read_body(request, self.limits.max_body_bytes))

    def parse(self, adapter: TypeAdapter[Parsed], body: bytes) -> Parsed:
        """Validate a body that has been read. Raises Invalid."""
        return parse(adapter, body, self.validation())

    def validation(self) -> dict[str, int]:
        """Return the validation context of field validators: the limits, and the time in milliseconds."""
        limits = self.limits
        return {
            "max_content_characters": limits.max_content_characters,
            "max_batch_rows": limits.max_batch_rows,
            "now": self.clock(),
        }
