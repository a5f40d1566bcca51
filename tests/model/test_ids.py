"""Ids: UUIDv7, ascending and without repeats, from whichever thread."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

from lumen_notify.model import id_text, new_id, now_ms


def test_id_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    before = now_ms()
    id_ = uuid.UUID(new_id())
    assert (id_.version, id_.variant) == (7, uuid.RFC_4122)
    # Ids that are made in one millisecond beyond 4,096 are of the next.
    assert before <= id_.int >> 80 <= now_ms() + 60_000


def test_text_of_an_id_is_that_of_its_bits() -> None:
    number = new_id.number()
    assert id_text(number) == str(uuid.UUID(int=number))
    assert id_text(1) == str(uuid.UUID(int=1))


def test_ids_ascend_also_within_a_millisecond() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert ids == sorted(set(ids))


def test_threads_never_get_the_same_id() -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = [id_ for made in pool.map(lambda _: [new_id() for _ in range(2_000)], range(4)) for id_ in made]
    assert len(set(ids)) == 8_000
