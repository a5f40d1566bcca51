"""Origins: whether a page of this server, or of an origin in LUMEN_CORS_ORIGINS, has sent a request.

Browsers say so in headers that pages cannot set: `Sec-Fetch-Site` (Fetch Metadata), and `Origin`, which every
`POST` to another origin carries (Fetch, section 3.2). Other clients send neither.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from urllib.parse import urlsplit

from starlette.requests import Request

from lumen_notify.http.requests import header

ANY = "*"


def is_own_page(request: Request, origins: AbstractSet[str]) -> bool:
    """Return False if a page of a foreign origin has sent the request. origins: allowed besides our own.

    `Sec-Fetch-Site` comes first, because a proxy may have changed `Host`.
    """
    origin = header(request, b"origin")
    if origin is None or ANY in origins or origin in origins:
        return True
    if header(request, b"sec-fetch-site") == "same-origin":
        return True
    return urlsplit(origin).netloc == (header(request, b"host") or "")
