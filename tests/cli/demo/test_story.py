from __future__ import annotations

from lumen_notify.cli.demo.story import NAMES, STORY, Notified, Said


def test_story_is_in_the_order_of_time_and_of_the_users_alone() -> None:
    times = [one.minutes_ago for one in STORY]
    assert times == sorted(times, reverse=True)
    assert {one.sender for one in STORY} == {None, *NAMES}
    for name in NAMES:
        assert sum(isinstance(one, Notified) and one.user == name for one in STORY) >= 2


def test_the_first_user_sends_the_last_message() -> None:
    said = [one for one in STORY if isinstance(one, Said)]
    assert said[-1].sender == next(iter(NAMES))
