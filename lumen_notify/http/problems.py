"""Problems: errors as problem documents (RFC 9457), each with its status.

{"type": "urn:lumen-notify:invalid", "title": "Invalid", "status": 422, "code": "invalid",
 "detail": "1 field is invalid.", "errors": [{"field": "to.user", "message": "is required"}]}
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify import errors
from lumen_notify.model import escape_line_separators

STATUSES: tuple[tuple[type[errors.LumenError], int], ...] = (
    (errors.Invalid, 422),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.TooLarge, 413),
    (errors.EncodingUnsupported, 415),
    (errors.RateLimited, 429),
    (errors.Unavailable, 503),
)

_DETAILS = {
    404: "No such path. /openapi.json lists all paths.",
    405: "The path does not support this method.",
}

_log = logging.getLogger("lumen_notify.accept")


def problem(
    status: int, *, code: str, title: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """Make a problem document. more: further members of the document."""
    document = {
        "type": f"urn:lumen-notify:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    return Response(
        # The name of an unknown field may contain half of a surrogate pair.
        escape_line_separators(json.dumps(document, ensure_ascii=False)).encode("utf-8", "backslashreplace"),
        status,
        headers={"cache-control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )


def refused(_request: Request, error: Exception) -> Response:
    """Answer a LumenError."""
    assert isinstance(error, errors.LumenError)
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).capitalize()
    headers: dict[str, str] = {}
    more: dict[str, Any] = {}
    if isinstance(error, errors.Invalid) and error.faults:
        more["errors"] = [{"field": one.field, "message": one.message} for one in error.faults]
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, errors.EncodingUnsupported):
        headers["accept-encoding"] = "identity"  # RFC 9110, section 12.5.3
    if isinstance(error, errors.RateLimited):
        headers["retry-after"] = str(error.retry_after_seconds)
        more["limit"] = error.limit
    if isinstance(error, errors.Unavailable):
        headers["retry-after"] = "1"
    return problem(status, code=error.code, title=title, detail=_detail(error), headers=headers, **more)


def _detail(error: errors.LumenError) -> str:
    """Return the error's text. The error of a single field is a predicate: put the field's name before it."""
    if isinstance(error, errors.Invalid) and any(one.message == error.message for one in error.faults):
        return f"`{error.faults[-1].field}` {error.message}."
    return error.message


def not_routed(_request: Request, error: Exception) -> Response:
    """Answer an unknown path (404) or method (405)."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return problem(
        error.status_code,
        code=code,
        title=code.replace("_", " ").capitalize(),
        detail=_DETAILS.get(error.status_code, error.detail),
        headers=dict(error.headers or {}),
    )


def failed(request: Request, error: Exception) -> Response:
    """Answer an unexpected exception: the client gets no details, the log gets all of them."""
    _log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return problem(
        500,
        code="internal",
        title="Internal error",
        detail="Internal error. It has been logged.",
        headers={"connection": "close"},  # the server closes it, so that no client reuses it
    )
