from lumen_notify.deliver.fan_out_size import MAX_FAN_OUT_BYTES, MAX_FAN_OUT_EVENTS, split
from lumen_notify.model import Audience, Event


def event(position: int, characters: int, content_position: int | None = None) -> Event:
    return Event(
        position=position,
        audience=Audience.user(f"user-{position}"),
        kind="notification",
        category="like",
        body="x" * characters,
        created_at=1,
        content_position=content_position,
    )


def sizes(events: list[Event]) -> list[int]:
    parts = list(split(events))
    assert [one for part in parts for one in part] == events
    return [len(part) for part in parts]


def test_bytes_and_number_are_bounded() -> None:
    quarter = [event(position, MAX_FAN_OUT_BYTES // 4) for position in range(1, 10)]
    assert sizes(quarter) == [4, 4, 1]
    assert sizes([event(1, 10), event(2, MAX_FAN_OUT_BYTES + 1), event(3, 10)]) == [1, 1, 1]
    assert sizes([event(position, 1) for position in range(MAX_FAN_OUT_EVENTS + 1)]) == [
        MAX_FAN_OUT_EVENTS,
        1,
    ]


def test_body_that_users_share_counts_once() -> None:
    assert sizes([event(position, MAX_FAN_OUT_BYTES, 100) for position in range(1, 101)]) == [100]
    shared = [event(position, MAX_FAN_OUT_BYTES // 2 + 1, 1 + position // 2 * 2) for position in range(2, 6)]
    assert sizes(shared) == [3, 1]
