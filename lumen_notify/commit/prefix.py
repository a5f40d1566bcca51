"""Prefix: finds the rows that begin with a text, in a list in the order of the database.

A database of PostgreSQL may have any collation: in most, `Ann` and `ánn` stand between `ann` and `anna`, and
no range of an index is what begins with `ann`. But all of it comes after `ann`, and only what is written
alike stands between. So a page reads on from there, and ends where texts are not alike any more.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

MAX_READS = 10
"""How many times a page reads on. It may then be shorter than its limit, although more rows follow."""

Row = TypeVar("Row")


async def page_of_prefix(
    read: Callable[[str], Awaitable[Sequence[Row]]],
    text_of: Callable[[Row], str],
    *,
    prefix: str,
    after: str,
    limit: int,
) -> tuple[Sequence[Row], str | None]:
    """Return the rows that begin with a text, at most limit, and after which text the next page begins: None
    on the last page.

    read: reads `limit + 1` rows after a text and from the prefix on, in order. after: empty for the first
    page.
    """
    found: list[Row] = []
    for _ in range(MAX_READS):
        rows = await read(after)
        for row in rows:
            text = text_of(row)
            if text.startswith(prefix):
                if len(found) == limit:
                    return found, text_of(found[-1])
                found.append(row)
            elif not is_alike(text, prefix):
                return found, None
        if len(rows) <= limit:
            return found, None
        after = text_of(rows[-1])
    return found, after


def is_alike(text: str, prefix: str) -> bool:
    """Return whether a text begins with the same letters and digits as a prefix, in any case, with any
    accents, and whatever stands between."""
    return _letters(text).startswith(_letters(prefix))


def _letters(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", text).casefold() if one.isalnum())
