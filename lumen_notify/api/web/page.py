"""Page: the web client at `/`, the page of administrators at `/admin` and the reference at `/docs`.

Their files are read at each request: whoever changes one sees it at once. Not here: their content security
policy (`http/browser_headers`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from lumen_notify.api.web.page_config import PageConfig
from lumen_notify.http.operation import Operation
from lumen_notify.http.responses import answer
from lumen_notify.http.route import ApiRoute, route

FOLDER = Path(__file__).resolve().parents[2] / "web"
INDEX = "page/index.html"
ADMIN = "admin/index.html"
DOCS = "docs/docs.html"
FOLDERS = ("page/", "admin/", "docs/")
CONFIG = "page/config.json"
READS = ("GET", "HEAD")


class Page:
    """The files of `lumen_notify/web/`, with `page/index.html` at the root and `admin/index.html` at
    `/admin`. HTML files have no other URL, since what they refer to is relative to it.

    `/admin` answers anyone: its data needs a token with the scope `notify:admin`.

    config: sent as `page/config.json`.
    """

    def __init__(self, folder: Path = FOLDER, *, config: PageConfig | None = None) -> None:
        self._files = StaticFiles(directory=folder)
        self._config = config or PageConfig()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3)."""
        if scope["method"] not in READS:
            raise HTTPException(405, headers={"Allow": ", ".join(READS)})
        path = self._files.get_path(scope)
        if path == "admin" and scope["path"].endswith("/"):
            # Relative: only the client knows the prefix that a proxy may have stripped.
            await RedirectResponse("../admin", 307)(scope, receive, send)
            return
        if path == ".":
            path = INDEX
        elif path == "admin":
            path = ADMIN
        elif not path.startswith(FOLDERS) or path.endswith(".html"):
            raise HTTPException(404)
        await (await self.file(path, scope))(scope, receive, send)

    async def file(self, name: str, scope: Scope) -> Response:
        """Return one of the files. Raises HTTPException (404)."""
        if name == CONFIG:
            return answer(self._config.as_json(Headers(scope=scope).get("host", "")))
        response = await self._files.get_response(name, scope)
        response.headers["cache-control"] = "no-cache"
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
        """Answer `GET /docs`: a page that shows `/openapi.json` and `/asyncapi.json`."""
        return await self._page.file(DOCS, request.scope)
