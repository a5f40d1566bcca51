"""The timer wheel: every item is checked when it is due, and at no other time."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from clients import eventually
from lumen_notify.deliver.timer_wheel import TimerWheel
from supervised import supervised

from .fakes import FakeClock


class Item:
    def __init__(self) -> None:
        self.slot = 0
        self.checked: list[int] = []


def unexpected(_item: Item) -> None:
    raise AssertionError("no check has failed")


class WheelMachine(RuleBasedStateMachine):
    """A timer wheel beside a dictionary of due times. A checked item is scheduled again `again` seconds
    later."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock(100.5)
        self.items = [Item() for _ in range(6)]
        self.again: list[int | None] = [None] * 6
        self.due: dict[int, int] = {}
        self.expected: list[list[int]] = [[] for _ in self.items]
        self.wheel: TimerWheel[Item] = TimerWheel(self.check, self.clock, on_failure=unexpected)

    def check(self, item: Item) -> int | None:
        item.checked.append(self.wheel.now)
        again = self.again[self.items.index(item)]
        return None if again is None else self.wheel.now + again

    @rule(number=st.integers(0, 5), after=st.integers(-3, 90), again=st.none() | st.integers(-1, 40))
    def schedule(self, number: int, after: int, again: int | None) -> None:
        now = int(self.clock())
        self.wheel.schedule(self.items[number], now + after)
        self.again[number] = again
        self.due[number] = now + max(1, after)

    @rule(number=st.integers(0, 5))
    def cancel(self, number: int) -> None:
        self.wheel.cancel(self.items[number])
        self.due.pop(number, None)

    @rule(seconds=st.sampled_from([0.0, 0.4, 1.0, 1.0, 2.5, 61.0]))
    def tick(self, seconds: float) -> None:
        self.clock.seconds += seconds
        now = int(self.clock())
        for number, at in list(self.due.items()):
            if at <= now:
                self.expected[number].append(now)
                again = self.again[number]
                if again is None:
                    del self.due[number]
                else:
                    self.due[number] = now + max(1, again)
        self.wheel.tick()

    @invariant()
    def each_is_checked_at_its_time(self) -> None:
        assert [item.checked for item in self.items] == self.expected

    @invariant()
    def each_is_scheduled_once(self) -> None:
        assert len(self.wheel) == len(self.due)
        assert set(self.wheel) == {self.items[number] for number in self.due}


TestWheel = WheelMachine.TestCase
TestWheel.settings = settings(max_examples=50, stateful_step_count=30)


async def test_it_ticks_by_itself_until_it_is_closed() -> None:
    wheel: TimerWheel[Item] = TimerWheel(
        lambda item: item.checked.append(1), FakeClock(0.99), on_failure=unexpected
    )
    item = Item()
    wheel._clock = iter([0.99, 1.0, 1.99, 2.0, *[2.99] * 99]).__next__
    wheel.schedule(item, 1)
    async with supervised(wheel.run):
        await eventually(lambda: item.checked, what="the tick")
    assert not len(wheel)


def test_item_whose_check_raises_is_ended_and_the_others_are_checked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FakeClock(100.0)
    items = [Item() for _ in range(20)]
    spoilt = set(items[::3])
    ended: list[Item] = []

    def check(item: Item) -> int:
        if item in spoilt:
            wheel.schedule(item, wheel.now + 1)  # too late: it is removed all the same
            raise ZeroDivisionError
        item.checked.append(wheel.now)
        return wheel.now + 1

    def end(item: Item) -> None:
        ended.append(item)
        raise ZeroDivisionError

    wheel: TimerWheel[Item] = TimerWheel(check, clock, on_failure=end)
    for number, item in enumerate(items):
        wheel.schedule(item, 101 + number % 2)
    clock.seconds = 103.0
    wheel.tick()
    assert set(ended) == spoilt
    assert set(wheel) == set(items) - spoilt
    assert all(item.checked for item in wheel)
    assert caplog.text.count("A check failed.") == len(spoilt)
