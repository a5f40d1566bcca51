"""Context: what all endpoints share: the token verifier, the committer, the limits and the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from pydantic import TypeAdapter
from starlette.requests import Request

from lumen_notify.auth import ADMIN, Principal, Verifier
from lumen_notify.errors import Forbidden
from lumen_notify.http.fields import Body
from lumen_notify.http.origins import is_own_page
from lumen_notify.http.rate_limiter import RateLimiter
from lumen_notify.http.rate_limits import BYTES_PER_TOKEN, RateLimit
from lumen_notify.http.requests import Parsed, caller, parse, read_body
from lumen_notify.http.route import RATE_LIMIT
from lumen_notify.model import value
from lumen_notify.settings import Settings

_NO_FIELDS = TypeAdapter(Body)

PRINCIPAL = "lumen_notify.principal"
"""The scope's key for the user whose token the request carries."""


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

    @classmethod
    def from_settings(cls, settings: Settings) -> Limits:
        """Take the limits of these settings."""
        return cls(
            max_body_bytes=settings.max_body_bytes,
            max_content_characters=settings.max_content_characters,
            max_batch_rows=settings.max_batch_rows,
            max_rooms=settings.max_rooms_per_user,
        )

    def validation(self, now: int) -> dict[str, int]:
        """Return the validation context of field validators. now: milliseconds."""
        return {
            "max_content_characters": self.max_content_characters,
            "max_batch_rows": self.max_batch_rows,
            "now": now,
        }


@value
class Context:
    """What all endpoints share. clock: wall-clock milliseconds. origins: whose pages may send requests
    without a token, besides our own.

    `caller`, or `admin`, comes first in every endpoint: it counts the request for the user's rate limits,
    before the body is read. A body may come late: the token has to count after it, too.
    """

    verifier: Verifier
    committer: Committer
    limits: Limits
    rate_limiter: RateLimiter
    clock: Callable[[], int]
    origins: frozenset[str] = frozenset()

    def require_own_page(self, request: Request) -> None:
        """Raise Forbidden if a page of a foreign origin has sent the request."""
        if not is_own_page(request, self.origins):
            raise Forbidden(
                "Pages of this origin may not send this request: LUMEN_CORS_ORIGINS does not list it.",
                code="origin_not_allowed",
            )

    async def caller(self, request: Request) -> Principal:
        """Return the user whose token the request carries. Raises Unauthenticated, RateLimited."""
        principal = await caller(request, self.verifier)
        limit: RateLimit | None = request.scope.get(RATE_LIMIT)
        if limit is not None:
            self.rate_limiter.admit(principal, limit)
        request.scope[PRINCIPAL] = principal
        return principal

    async def admin(self, request: Request) -> Principal:
        """Return the user whose token the request carries, if it has `notify:admin`. Raises Unauthenticated,
        RateLimited, Forbidden."""
        principal = await self.caller(request)
        principal.require(ADMIN)
        return principal

    def charge(self, request: Request, tokens: int) -> None:
        """Count a request that costs more than others. tokens: in addition to the first. Raises
        RateLimited."""
        limit: RateLimit | None = request.scope.get(RATE_LIMIT)
        if limit is not None and tokens > 0:
            self.rate_limiter.charge(request.scope[PRINCIPAL], limit, tokens)

    async def read(self, request: Request) -> bytes:
        """Read the body, up to its limit. Raises Invalid, TooLarge, RateLimited; Unauthenticated, if the
        token has expired or was revoked while the body came."""
        body = await read_body(request, self.limits.max_body_bytes)
        principal: Principal | None = request.scope.get(PRINCIPAL)
        if principal is not None:
            self.verifier.check(principal)
        if len(body) >= BYTES_PER_TOKEN and principal is not None:
            self.charge(request, len(body) // BYTES_PER_TOKEN)
        return body

    async def body(self, request: Request, adapter: TypeAdapter[Parsed]) -> Parsed:
        """Read and validate the body. Raises Invalid, TooLarge, RateLimited."""
        return self.parse(adapter, await self.read(request))

    async def no_body(self, request: Request) -> None:
        """Refuse a body that has fields, which the operation would ignore. Raises Invalid, TooLarge,
        RateLimited."""
        if body := await self.read(request):
            self.parse(_NO_FIELDS, body)

    def parse(self, adapter: TypeAdapter[Parsed], body: bytes) -> Parsed:
        """Validate a body that has been read. Raises Invalid."""
        return parse(adapter, body, self.validation())

    def validation(self) -> dict[str, int]:
        """Return the validation context of field validators: the limits, and the time in milliseconds."""
        return self.limits.validation(self.clock())
