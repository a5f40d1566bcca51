"""Cookie: with it a browser's `EventSource` reconnects once the ticket in its URL has expired.

It has no `Path`. The browser then keeps it for the folder of the URL that set it (RFC 6265, section 5.1.4),
as the browser knows that URL: a prefix that a proxy strips is part of it. Two folders result, one below the
other, and a browser sends the cookies of both:

| set by | folder |
|---|---|
| `GET /notifications/stream?ticket=..` | `/notifications` |
| `POST /notifications/stream/renew` | `/notifications/stream` |

`DELETE /notifications/stream` therefore ends the first and redirects to `DELETE /notifications/stream/renew`,
which ends the second.

SameSite is `Strict`, which includes pages of other origins of the same site. It is `None` for pages of the
origins in LUMEN_CORS_ORIGINS, over https: browsers accept that for secure cookies only. Cookies are not
accepted from any other origin, so that no page can open its visitors' streams.
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.http.operation import Operation
from lumen_notify.http.origins import is_own_page
from lumen_notify.http.requests import header
from lumen_notify.http.responses import no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value

COOKIE = "lumen_stream"

MAX_COOKIES = 4
"""How many cookies of one request are tried; browsers send at most two."""

SET_COOKIE = (
    "Set-Cookie",
    f"`{COOKIE}`, HttpOnly; SameSite=Strict, or None for another origin over https.",
)
"""The description of the response header."""


@value
class StreamCookies:
    """Reads, sets and ends the cookie. origins: whose pages may use it, besides its own."""

    origins: frozenset[str]

    def values(self, request: Request) -> list[str]:
        """Return the cookies of a request; none if a page of a foreign origin sent it."""
        if not is_own_page(request, self.origins):
            return []
        pairs = (
            pair.strip(" \t").partition("=")
            for name, line in request.scope["headers"]
            if name == b"cookie"
            for pair in line.decode("latin-1").split(";")
        )
        return [text for name, _, text in pairs if name == COOKIE][:MAX_COOKIES]

    def set(self, response: Response, request: Request, cookie: str) -> None:
        """Let a response set the cookie."""
        response.headers["set-cookie"] = f"{COOKIE}={cookie}; {self._attributes(request)}"

    def end(self, response: Response, request: Request) -> None:
        """Let a response end the cookie."""
        response.headers["set-cookie"] = f"{COOKIE}=; Max-Age=0; {self._attributes(request)}"

    def _attributes(self, request: Request) -> str:
        is_secure = request.url.scheme == "https"
        if is_secure and header(request, b"origin") in self.origins:
            return "HttpOnly; SameSite=None; Secure; Partitioned"
        return "HttpOnly; SameSite=Strict" + ("; Secure" if is_secure else "")


@value
class CookieEndpoints:
    """Ends the cookie, for a page that signs its user out."""

    cookies: StreamCookies

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/notifications/stream",
            DELETE=(
                self.end,
                Operation(
                    name="endStreamCookie",
                    tag="stream",
                    credentials=(),
                    summary="End the stream cookie",
                    description=(
                        "For a page that signs its user out: the browser can no longer open the stream. "
                        "Redirects to `DELETE /notifications/stream/renew`, which ends that of renewals."
                    ),
                    status=204,
                    or_status=307,
                    answered="The cookie of the stream has ended. 307 leads on to that of renewals.",
                    headers=(("Location", "`stream/renew`."), ("Set-Cookie", "Ends the cookie.")),
                ),
            ),
        )
        yield route(
            "/notifications/stream/renew",
            DELETE=(
                self.end_renewed,
                Operation(
                    name="endRenewedStreamCookie",
                    tag="stream",
                    credentials=(),
                    summary="End the stream cookie of renewals",
                    description="`DELETE /notifications/stream` redirects here.",
                    status=204,
                    answered="The cookie has ended.",
                    headers=(("Set-Cookie", "Ends the cookie."),),
                ),
            ),
        )

    async def end(self, request: Request) -> Response:
        """Answer `DELETE /notifications/stream`: end the cookie, then that of renewals."""
        response = self._ended(request, 307)
        response.headers["location"] = "stream/renew"
        return response

    async def end_renewed(self, request: Request) -> Response:
        """Answer `DELETE /notifications/stream/renew`: end the cookie that renewals set."""
        return self._ended(request)

    def _ended(self, request: Request, status: int = 204) -> Response:
        response = no_content(status)
        self.cookies.end(response, request)
        return response
