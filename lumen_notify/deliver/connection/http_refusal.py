"""HttpRefusal: the response to a request that cannot be read, so that no application sees it.

It is a problem document, as all other errors are. The connection ends after it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from lumen_notify.http import browser_headers
from lumen_notify.http.problems import problem
from lumen_notify.model import new_id
from lumen_notify.request_id import HEADER, REQUEST_ID

_log = logging.getLogger("lumen_notify.http")


class HttpRefusal(Exception):
    """A request that cannot be read.

    status, code: those of the problem document. detail: a sentence with the limit, without anything that the
    client has sent. request_id: one of its own, since that of the request cannot be read.
    """

    def __init__(self, status: HTTPStatus, *, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = new_id()

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """Return the problem document."""
        response = problem(
            self.status,
            code=self.code,
            detail=self.detail,
            headers={**(headers or {}), HEADER: self.request_id},
            request_id=self.request_id,
        )
        response.raw_headers.extend(browser_headers.EVERY)
        return response

    def log(self, client: tuple[str, int] | None) -> None:
        """Log it. client: address and port. A connection on which nothing comes is nothing odd: browsers open
        some before they need them."""
        level = logging.DEBUG if self.status == HTTPStatus.REQUEST_TIMEOUT else logging.WARNING
        token = REQUEST_ID.set(self.request_id)
        try:
            _log.log(
                level, "A request from %s was refused: %s", client[0] if client else "unknown", self.detail
            )
        finally:
            REQUEST_ID.reset(token)

    def encode(self) -> bytes:
        """Return the whole response of HTTP/1.1, head and body."""
        response = self.response({"connection": "close"})
        lines = [b"HTTP/1.1 %d %b" % (self.status, self.status.phrase.encode())]
        lines += [b"%b: %b" % header for header in response.raw_headers]
        return b"\r\n".join([*lines, b"", bytes(response.body)])


def bad_request(detail: str) -> HttpRefusal:
    """Return the refusal of a request that breaks the rules of HTTP."""
    return HttpRefusal(HTTPStatus.BAD_REQUEST, code="bad_request", detail=detail)


def head_too_large(max_bytes: int) -> HttpRefusal:
    """Return the refusal of a head of more than max_bytes."""
    detail = f"The request line and the headers may have at most {max_bytes} bytes."
    return HttpRefusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, code="head_too_large", detail=detail)


def request_timeout(seconds: float) -> HttpRefusal:
    """Return the refusal of a request that has not arrived within its time."""
    detail = f"The request did not arrive completely within {seconds:g} seconds."
    return HttpRefusal(HTTPStatus.REQUEST_TIMEOUT, code="request_timeout", detail=detail)


def not_implemented(detail: str) -> HttpRefusal:
    """Return the refusal of a method or a transfer coding that is not implemented."""
    return HttpRefusal(HTTPStatus.NOT_IMPLEMENTED, code="not_implemented", detail=detail)


def version_not_supported() -> HttpRefusal:
    """Return the refusal of a version of HTTP other than 1.0 and 1.1."""
    detail = "The server supports HTTP/1.0 and HTTP/1.1."
    return HttpRefusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, code="version_not_supported", detail=detail)
