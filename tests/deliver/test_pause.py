"""The pause: noted whenever the process runs again, and over once the log was read."""

from __future__ import annotations

from lumen_notify.deliver.pause import DOUBT_SECONDS, PAUSE_SECONDS, Pause

from .fakes import FakeClock


def test_process_that_did_nothing_for_long_was_paused() -> None:
    clock = FakeClock()
    pause = Pause(clock)

    def state() -> tuple[bool, bool]:
        return pause.must_verify, pause.may_hints_be_old

    for _ in range(10):
        clock.seconds += PAUSE_SECONDS
        pause.note()
    assert state() == (False, False)
    clock.seconds += PAUSE_SECONDS + 0.1
    pause.note()
    pause.note()
    assert state() == (True, True), "until the log was read"
    pause.must_verify = False
    clock.seconds += DOUBT_SECONDS - 0.1
    assert state() == (False, True)
    clock.seconds += 0.2
    assert state() == (False, False)
