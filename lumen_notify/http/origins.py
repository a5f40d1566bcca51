"""Origins: whether a page of this server, or of an origin in LUMEN_CORS_ORIGINS, has sent a request.

Browsers say so in headers that pages cannot set: `Sec-Fetch-Site` (Fetch Metadata), and `Origin`, which every
`POST` to another origin carries (Fetch, section 3.2). Other clients send neither. Browsers leave out
`Sec-Fetch-Site` if the address of the server is not https; older ones always do.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from starlette.requests import Request

from lumen_notify.http.requests import header

ANY = "*"


def is_own_page(request: Request, origins: AbstractSet[str]) -> bool:
    """Return False if a page of a foreign origin has sent the request. origins: allowed besides our own.

    `Sec-Fetch-Site` decides if the browser sends it: it compares schemes too, and a proxy may have changed
    `Host`.
    """
    origin = header(request, b"origin")
    if origin is None or ANY in origins or origin in origins:
        return True
    site = header(request, b"sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    host = header(request, b"host")
    return bool(host) and origin.lower() in (f"http://{host}".lower(), f"https://{host}".lower())
