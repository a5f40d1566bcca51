"""Client files: the browser's modules at `/client/`, for pages of any origin.

Promise: one running server serves one version of them, even while a new one is installed over it. A module
imports others by relative paths, so all modules of a page are of one version, also when their URLs have the
hash.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from functools import cached_property
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from lumen_notify.version import __version__

FOLDER = Path(__file__).resolve().parents[2] / "web" / "client"

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".d.ts": "application/typescript; charset=utf-8",
}
"""The media types by the end of a name. Files with other names are not served."""

HASH_CHARACTERS = 16
MIN_GZIP_BYTES = 1000
"""Below it, a compressed body needs as many packets."""

HEADERS = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "vary": "Accept-Encoding",
}
NO_CACHE = "no-cache"
FOR_EVER = "public, max-age=31536000, immutable"

SERVICE_WORKER = "lumen-push-worker.js"
"""It may be registered for all pages of its origin, not only for those in its own folder."""

VERSION_FILE = "version.json"
"""Made by the server: `{"version", "hash"}`. Below the hash, caches may keep the files for ever."""

_HASHED = re.compile(rf"([0-9a-f]{{{HASH_CHARACTERS}}})/(.+)", re.DOTALL)
_NO_GZIP = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*\Z", re.IGNORECASE)


class ClientFile:
    """One file. content: as in the package."""

    def __init__(self, name: str, content: bytes) -> None:
        self.content = content
        self.type = next(media_type for end, media_type in TYPES.items() if name.endswith(end))
        self.hash = hashlib.sha256(content).hexdigest()[:HASH_CHARACTERS]
        self.headers = {"service-worker-allowed": "/"} if name == SERVICE_WORKER else {}

    @cached_property
    def compressed(self) -> bytes:
        """The content, compressed once."""
        return gzip.compress(self.content, mtime=0)

    def response(self, headers: Headers, cache_control: str) -> Response:
        """Answer a request with these headers."""
        is_compressed = len(self.content) >= MIN_GZIP_BYTES and takes_gzip(headers)
        etag = f'"{self.hash}-gzip"' if is_compressed else f'"{self.hash}"'
        ours = {**HEADERS, **self.headers, "cache-control": cache_control, "etag": etag}
        known = [tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")]
        if etag in known or known == ["*"]:
            return Response(status_code=304, headers=ours)
        if is_compressed:
            ours["content-encoding"] = "gzip"
        ours["content-type"] = self.type
        return Response(self.compressed if is_compressed else self.content, headers=ours)


def takes_gzip(headers: Headers) -> bool:
    """Return whether `Accept-Encoding` names gzip, and not with `q=0` (RFC 9110, section 12.5.3)."""
    codings = [coding.strip() for coding in headers.get("accept-encoding", "").split(",")]
    named = [coding for coding in codings if coding.partition(";")[0].strip().lower() == "gzip"]
    return bool(named) and not any(_NO_GZIP.match(coding) for coding in named)


class ClientFiles:
    """An ASGI application for the files of a folder: each at its path, and below `<hash>/`, where caches may
    keep it for ever. The hash is that of all files.

    Another hash is that of another version, which a page may have from an instance that is being replaced:
    its files are redirected to those without a hash.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    @cached_property
    def files(self) -> dict[str, ClientFile]:
        """The files by their path below the folder, read at the first request."""
        paths = sorted(path for end in TYPES for path in self._folder.rglob(f"*{end}"))
        names = [path.relative_to(self._folder).as_posix() for path in paths]
        return {name: ClientFile(name, path.read_bytes()) for name, path in zip(names, paths, strict=True)}

    @cached_property
    def hash(self) -> str:
        """The hash of all files: 16 hexadecimal digits."""
        listed = "".join(f"{name} {file.hash}\n" for name, file in self.files.items())
        return hashlib.sha256(listed.encode()).hexdigest()[:HASH_CHARACTERS]

    @cached_property
    def version(self) -> ClientFile:
        """The file that names the hash."""
        return ClientFile(VERSION_FILE, json.dumps({"version": __version__, "hash": self.hash}).encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3)."""
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        await self.response(path, Headers(scope=scope))(scope, receive, send)

    def response(self, path: str, headers: Headers) -> Response:
        """Answer a request for a path below `/client/`. Raises HTTPException (404)."""
        if path == VERSION_FILE:
            return self.version.response(headers, NO_CACHE)
        hashed = _HASHED.fullmatch(path)
        given, name = hashed.groups() if hashed else (None, path)
        file = self.files.get(name)
        if file is None:
            raise HTTPException(404)
        if given is not None and given != self.hash:
            # Relative: only the client knows the prefix that a proxy may have stripped.
            up = "../" * (name.count("/") + 1)
            return RedirectResponse(up + name, 307, headers={**HEADERS, "cache-control": "no-store"})
        return file.response(headers, NO_CACHE if given is None else FOR_EVER)
