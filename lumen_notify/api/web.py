"""Page: the web client at `/` and the reference at `/docs`, with a strict content security policy."""

from __future__ import annotations

import html
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

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

INDEX = "page/index.html"
DOCS = "docs/docs.html"
TOKEN_COMMAND = "lumen-notify token alice"  # noqa: S105 - the command that the sign-in form shows
PROGRAM = "lumen-notify"


def token_command(folder: Path) -> str:
    """Return the shell command that makes a token in this folder, with or without the program on the PATH."""
    program = Path(sys.prefix) / "bin" / PROGRAM
    command = TOKEN_COMMAND
    if shutil.which(PROGRAM) is None and program.exists():
        command = shlex.quote(str(program)) + TOKEN_COMMAND.removeprefix(PROGRAM)
    return f"cd {shlex.quote(str(folder))} && {command}"


class Page:
    """The files of `lumen_notify/web/`, with `page/index.html` at the root. HTML files have no other URL,
    since what they refer to is relative to it.

    secret_folder: where the server has made its own secret, which the sign-in form then names: a token made
    elsewhere is not valid. Only this machine can connect to such a server. None if a key is set.
    """

    def __init__(self, folder: Path | None = None, *, secret_folder: Path | None = None) -> None:
        folder = folder or Path(__file__).resolve().parents[1] / "web"
        self._files = StaticFiles(directory=folder)
        self._index: str | None = None
        if secret_folder is not None:
            command = html.escape(token_command(secret_folder))
            text = (folder / INDEX).read_text("utf-8")
            self._index = text.replace(f"<code>{TOKEN_COMMAND}", f"<code>{command}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3)."""
        path = self._files.get_path(scope)
        if path.endswith(".html"):
            raise HTTPException(404)
        await (await self.file(INDEX if path == "." else path, scope))(scope, receive, send)

    async def file(self, name: str, scope: Scope) -> Response:
        """Return one of the files. Raises HTTPException (404, 405)."""
        response = await self._files.get_response(name, scope)
        if name == INDEX and self._index is not None:
            response = HTMLResponse(self._index)
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
        return await self._page.file(DOCS, request.scope)
