"""Problems: errors as problem documents (RFC 9457), each with its status.

{"type": "urn:lumen-notify:invalid", "title": "Request is invalid", "status": 422, "code": "invalid",
 "detail": "1 field is invalid: `to.user` is required.",
 "errors": [{"field": "to.user", "message": "is required"}], "request_id": "0192..."}

`title` is the same for all problems of a type, `detail` is a sentence about this one. `request_id` is a
member of our own, since `instance` would have to be a URI, and operators search the log for the id as it is.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify import errors
from lumen_notify.http.problem_types import PROBLEM_TYPES
from lumen_notify.logs import without_tokens
from lumen_notify.model import escape_line_separators
from lumen_notify.request_id import REQUEST_ID

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

MAX_PATH_CHARACTERS = 200
"""How much of an unknown path its problem repeats."""

_INTERNAL = {"code": "internal", "detail": "Internal error. It has been logged."}

_log = logging.getLogger("lumen_notify.accept")


def problem(
    status: int, *, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """Make a problem document. detail: a sentence. more: further members of the document."""
    document = _document(status, code=code, detail=detail, **more)
    if (request_id := REQUEST_ID.get()) is not None:
        document["request_id"] = request_id
    return Response(
        # The name of an unknown field may contain half of a surrogate pair.
        escape_line_separators(json.dumps(document, ensure_ascii=False, separators=(",", ":"))).encode(
            "utf-8", "backslashreplace"
        ),
        status,
        headers={"cache-control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )


def _document(status: int, *, code: str, detail: str, **more: Any) -> dict[str, Any]:
    return {
        "type": f"urn:lumen-notify:{code}",
        "title": PROBLEM_TYPES[code].title if code in PROBLEM_TYPES else HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }


def document_of(error: Exception) -> dict[str, Any]:
    """Return the problem document of an error, as a response would have it. An error that is a defect says
    nothing of itself: whoever found it has logged it."""
    if not isinstance(error, errors.LumenError):
        return _document(500, **_INTERNAL)
    return _document(_status(error), code=error.code, detail=str(error), **_more(error))


def refused(_request: Request, error: Exception) -> Response:
    """Answer a LumenError."""
    assert isinstance(error, errors.LumenError)
    headers: dict[str, str] = {}
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, errors.EncodingUnsupported):
        headers["accept-encoding"] = "identity"  # RFC 9110, section 12.5.3
    if isinstance(error, errors.RateLimited):
        headers["retry-after"] = str(error.retry_after_seconds)
    if isinstance(error, errors.Unavailable):
        headers["retry-after"] = "1"
    return problem(_status(error), code=error.code, detail=str(error), headers=headers, **_more(error))


def _status(error: errors.LumenError) -> int:
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def _more(error: errors.LumenError) -> dict[str, Any]:
    """Return the further members of an error's document."""
    if isinstance(error, errors.Invalid) and error.faults:
        return {"errors": [{"field": one.field, "message": one.message} for one in error.faults]}
    if isinstance(error, errors.RateLimited):
        return {"limit": error.limit}
    return {}


def not_routed(request: Request, error: Exception) -> Response:
    """Answer an unknown path (404) or method (405)."""
    assert isinstance(error, HTTPException)
    status, headers = error.status_code, dict(error.headers or {})
    if status == 404:
        path = request.scope["path"][:MAX_PATH_CHARACTERS]
        detail = f"The path {path} does not exist. /openapi.json lists all paths."
        return problem(status, code="path_not_found", detail=detail, headers=headers)
    if status == 405:
        allowed = headers.get("Allow", "other methods")
        detail = f"This path does not support {request.method}, only {allowed}."
        return problem(status, code="method_not_allowed", detail=detail, headers=headers)
    return problem(status, code="http_error", detail=f"{error.detail.removesuffix('.')}.", headers=headers)


def accounts_off() -> Response:
    """Answer a request about accounts to a server that has none."""
    detail = "This server has no accounts of its own: LUMEN_ACCOUNTS is off."
    return problem(404, code="accounts_off", detail=detail)


def failed(request: Request, error: Exception) -> Response:
    """Answer an unexpected exception: the client gets no details, the log gets all of them."""
    _log.error("%s %s failed", request.method, without_tokens(request.scope["path"]), exc_info=error)
    return problem(
        500,
        **_INTERNAL,
        headers={"connection": "close"},  # the server closes it, so that no client reuses it
    )
