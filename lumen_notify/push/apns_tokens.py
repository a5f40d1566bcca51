"""APNs tokens: the JWT by which Apple knows who sends ("Establishing a token-based connection to APNs").

Promise: one token for all requests, renewed no earlier than Apple allows (20 minutes) and before it ends (60
minutes), whatever the answers are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

RENEWAL_SECONDS = 40 * 60

MIN_RENEWAL_SECONDS = 20 * 60
"""Apple answers TooManyProviderTokenUpdates to a token that is newer than this, after another one."""


class UnusableFile(ValueError):
    """A file has no key. The text says why, and begins with a verb."""


class ApnsTokens:
    """Signs tokens. key_id, team_id: of Apple's developer account. clock: the time in milliseconds, as it
    goes into the token. monotonic: seconds."""

    def __init__(
        self,
        key: EllipticCurvePrivateKey,
        *,
        key_id: str,
        team_id: str,
        clock: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key, self._key_id, self._team_id = key, key_id, team_id
        self._clock, self._monotonic = clock, monotonic
        self._token = ""
        self._issued_at = 0
        self._may_renew_deadline = float("-inf")

    def token(self) -> str:
        """Return the token of now."""
        now = self._clock() // 1000
        if not self._token or not 0 <= now - self._issued_at < RENEWAL_SECONDS:  # a clock may be set, too
            self._sign(now)
        return self._token

    def renew(self, token: str) -> bool:
        """Take a token as expired, since Apple says so. Returns whether `token()` returns another one."""
        if token == self._token and self._monotonic() >= self._may_renew_deadline:
            self._sign(self._clock() // 1000)
        return token != self._token

    def _sign(self, now: int) -> None:
        self._token = jwt.encode(
            {"iss": self._team_id, "iat": now}, self._key, algorithm="ES256", headers={"kid": self._key_id}
        )
        self._issued_at = now
        self._may_renew_deadline = self._monotonic() + MIN_RENEWAL_SECONDS


def read_key(path: Path) -> EllipticCurvePrivateKey:
    """Read a .p8 file. Raises UnusableFile."""
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise UnusableFile(f"cannot be read: {error.strerror}") from None
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableFile("must contain the private key that Apple made, as PEM") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise UnusableFile("must contain a key of the curve P-256, as Apple makes them")
    return key
