"""Page: the web client at `/` and the reference at `/docs`, with a strict content security policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from lumen_notify.http.operation import Operation
from lumen_notify.http.route import ApiRoute, route

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


class Page:
    """The files of `lumen_notify/web/`, with `index.html` at the root."""

    def __init__(self, folder: Path | None = None) -> None:
        self._files = StaticFiles(directory=folder or Path(__file__).resolve().parents[1] / "web", html=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3)."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._files(scope, receive, send_with_headers)

    async def file(self, name: str, scope: Scope) -> Response:
        """Return one of the files."""
        response = await self._files.get_response(name, scope)
        response.headers.update(HEADERS)
        return response


class DocsEndpoint:
    """Serves the API reference."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def routes(self) -> Iterator[ApiRoute]:
        """List the route of the reference. It is outside the API's prefix."""
        yield route(
            "/docs",
            GET=(
                self.get,
                Operation(
                    name="getDocsPage",
                    tag="service",
                    takes_any_query=True,
                    credentials=(),
                    summary="Get this document as a page",
                    answered="The page.",
                    response={"type": "string"},
                    media_type="text/html",
                ),
            ),
        )

    async def get(self, request: Request) -> Response:
        """Answer `GET /docs`: a page that shows `/openapi.json`."""
        return await self._page.file("docs.html", request.scope)
