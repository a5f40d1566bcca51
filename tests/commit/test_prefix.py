"""Prefix: what begins with a text is found in whatever order the database has, by bounded reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import pytest

from lumen_notify.commit.prefix import MAX_READS, is_alike, page_of_prefix

TEXTS = [
    "a",
    "ann",
    "Ann",
    "ánn",
    "an-n",
    "anna",
    "ann/1",
    "ann 2",
    "bob",
    "b",
    "ANNA",
    "annz",
    "zoe",
    "ańnx",
]


def binary(text: str) -> tuple[object, ...]:
    return (text.encode(),)


def as_people_sort(text: str) -> tuple[object, ...]:
    """Sort by letters, then by accents, then lower case first: as most collations do."""
    plain = unicodedata.normalize("NFKD", text)
    letters = "".join(one for one in plain if one.isalnum())
    return (letters.casefold(), plain.casefold(), text.swapcase())


async def pages(prefix: str, limit: int, order: Callable[[str], tuple[object, ...]]) -> list[str]:
    rows = sorted(TEXTS, key=order)
    found: list[str] = []
    after: str | None = ""
    while after is not None:

        async def read(after: str) -> Sequence[str]:
            later = [one for one in rows if not after or order(one) > order(after)]
            return [one for one in later if order(one) >= order(prefix)][: limit + 1]

        page, after = await page_of_prefix(read, str, prefix=prefix, after=after, limit=limit)
        assert len(page) <= limit
        found += page
    return found


@pytest.mark.parametrize("order", [binary, as_people_sort])
@pytest.mark.parametrize("prefix", ["", "a", "ann", "Ann", "b", "bobby", "zoe", "ann/", "zz", "á"])
@pytest.mark.parametrize("limit", [1, 3, 20])
async def test_all_that_begins_with_it_is_found(
    prefix: str, limit: int, order: Callable[[str], tuple[object, ...]]
) -> None:
    assert sorted(await pages(prefix, limit, order)) == sorted(one for one in TEXTS if one.startswith(prefix))


async def test_page_reads_a_bounded_number_of_times() -> None:
    reads = 0

    async def read(after: str) -> Sequence[str]:
        nonlocal reads
        reads += 1
        first = int(after.removeprefix("Ann") or 0)
        return [f"Ann{first + number:06}" for number in range(1, 4)]

    page, after = await page_of_prefix(read, str, prefix="ann", after="", limit=2)
    assert (page, reads) == ([], MAX_READS)
    assert after == f"Ann{3 * MAX_READS:06}"


def test_texts_are_alike_by_their_letters() -> None:
    assert is_alike("Ánn-a", "ann")
    assert not is_alike("anm", "ann")
    assert is_alike("anything", "--")
