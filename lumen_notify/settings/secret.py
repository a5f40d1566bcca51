"""Secret: text that must not appear in logs, and how it is masked."""

from __future__ import annotations

import re

MIN_SECRET_BYTES = 32
"""A key for HS256 must be at least as long as the hash: RFC 7518, section 3.2."""

URLS = ("database_url", "backplane_url", "intake_url")
"""Settings that may have a password in them."""

_MASK = "***"
_PASSWORD = re.compile(r"(?<=://)([^:@/?#]*):[^/?#]*@")
_PASSWORD_OPTION = re.compile(r"(?<=[?&])((?:ssl|sentinel_)?password)=[^&]*", re.IGNORECASE)


class Secret:
    """Text that no repr, log line or f-string shows. `reveal` returns it.

    Not a dataclass: `dataclasses.asdict(settings)` would expose the text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret('{_MASK}')"

    def __str__(self) -> str:
        return _MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def masked_url(url: str) -> str:
    """Return a URL of a database, a backplane or a broker with the password, wherever it stands, replaced
    by `***`."""
    return _PASSWORD_OPTION.sub(rf"\1={_MASK}", _PASSWORD.sub(rf"\1:{_MASK}@", url))
