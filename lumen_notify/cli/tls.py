"""TLS: the server's certificate, checked before the start and read again when it is renewed.

Promises: a certificate that no client would accept is reported in one line at the start. If a renewed one
cannot be used, this is logged and the server keeps the one that it has. A renewal touches no open stream.
"""

from __future__ import annotations

import logging
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Settings, variable

CERT, KEY = variable("tls_cert_file"), variable("tls_key_file")

HTTP_1_1 = "http/1.1"
HTTP_2 = "h2"
"""What a client may choose in the handshake (RFC 7301)."""

TIME = "%Y-%m-%d %H:%M UTC"

_log = logging.getLogger("lumen_notify.server")


class Certificate:
    """The certificate in two PEM files, and the context for new connections. cert_file: with its chain.

    Raises Misconfigured if they cannot be used.
    """

    def __init__(self, cert_file: Path, key_file: Path, *, offers_http2: bool) -> None:
        self._files = (cert_file, key_file)
        _check(*self._files)
        self.context = _context(*self._files)
        self.context.set_alpn_protocols([HTTP_2, HTTP_1_1] if offers_http2 else [HTTP_1_1])

    def reload(self) -> None:
        """Use the files as they are now for new connections. Called on SIGHUP."""
        try:
            _check(*self._files)
            _context(*self._files)
        except Misconfigured as error:
            for name, problem in error.problems:
                _log.error("The certificate was not renewed: %s %s", name, problem)
            return
        self.context.load_cert_chain(*self._files)
        _log.info("The certificate was read again.")


def certificate(settings: Settings) -> Certificate | None:
    """Return the certificate that the settings name; None for none. Raises Misconfigured."""
    if settings.tls_cert_file is None or settings.tls_key_file is None:  # both are None: Settings checks it
        return None
    return Certificate(settings.tls_cert_file, settings.tls_key_file, offers_http2=settings.http2 == "on")


def _check(cert_file: Path, key_file: Path) -> None:
    cert, _ = _read(CERT, cert_file), _read(KEY, key_file)
    try:
        first = x509.load_pem_x509_certificate(cert)
    except ValueError:
        raise _problem(CERT, f"{cert_file} has no certificate in PEM format") from None
    now, begin, end = datetime.now(UTC), first.not_valid_before_utc, first.not_valid_after_utc
    if end < now:
        raise _problem(CERT, f"{cert_file} has expired: it was valid until {end:{TIME}}")
    if begin > now:
        raise _problem(CERT, f"{cert_file} is not valid yet: it is from {begin:{TIME}} on")


def _read(name: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _problem(name, f"{path} cannot be read: {error.strerror}") from None


def _context(cert_file: Path, key_file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # TLS 1.2 or newer
    try:
        # A password is never asked for on a terminal: OpenSSL tries an empty one.
        context.load_cert_chain(cert_file, key_file, password=lambda: b"")
    except ssl.SSLError as error:
        raise _key_problem(error, cert_file, key_file) from None
    return context


def _key_problem(error: ssl.SSLError, cert_file: Path, key_file: Path) -> Misconfigured:
    if error.reason == "KEY_VALUES_MISMATCH":
        return _problem(KEY, f"{key_file} is not the key of the certificate in {cert_file}")
    if b"ENCRYPTED" in _read(KEY, key_file):
        return _problem(KEY, f"{key_file} has a password; the server needs a key without one")
    return _problem(KEY, f"{key_file} has no private key in PEM format that fits {cert_file}")


def _problem(name: str, problem: str) -> Misconfigured:
    return Misconfigured([(name, problem)])
