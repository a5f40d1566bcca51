"""Links: the addresses in a notification that a client opens or loads.

A link is an absolute `http` or `https` URL, or a path, which clients resolve against their own page. What a
browser would read as another address is refused: another scheme such as `javascript:`, a user name or a
password, a path that begins with two slashes, and backslashes, white space and control characters, which the
URL Standard (section 4.4) replaces or removes.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

MAX_URL_CHARACTERS = 2048

# A pattern that means the same to Python and to JSON schema (ECMA-262).
_NOT_IN_URL = r"\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff\\"
_NAME = rf"[^{_NOT_IN_URL}/?#@:\[\]]+"
_HOST = rf"({_NAME}|\[[0-9A-Fa-f:.]+\])(:[0-9]{{1,5}})?"
_WEB = rf"[Hh][Tt][Tt][Pp][Ss]?://{_HOST}([/?#][^{_NOT_IN_URL}]*)?"
_PATH = rf"/([^{_NOT_IN_URL}/][^{_NOT_IN_URL}]*)?"
URL_PATTERN = f"({_WEB}|{_PATH})"

_URL = re.compile(rf"{URL_PATTERN}\Z")


def link(value: str) -> str:
    """Return a link unchanged. Raises ValueError if it is none."""
    if not _URL.match(value):
        raise ValueError(
            "must be an http or https URL, or a path that begins with one slash, without a user name, a "
            "backslash, white space or control characters"
        )
    return value


Url = Annotated[
    str,
    Field(min_length=1, max_length=MAX_URL_CHARACTERS, json_schema_extra={"pattern": f"^{URL_PATTERN}$"}),
    AfterValidator(link),
]
