"""Quiet hours by a user's clocks: across midnight, and when the clocks change."""

from __future__ import annotations

import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.commit.preferences.quiet_hours import QuietHours, is_quiet, quiet_until, zone_of
from lumen_notify.model import from_rfc3339

NIGHT = QuietHours(begin="22:30", end="07:00", time_zone="Europe/Paris")
NOON = QuietHours(begin="12:00", end="14:00", time_zone="America/New_York")


def at(text: str) -> int:
    return from_rfc3339(text)


@pytest.mark.parametrize(
    ("hours", "moment", "until"),
    [
        (NIGHT, "2026-01-31T22:29:59+01:00", None),
        (NIGHT, "2026-01-31T22:30:00+01:00", "2026-02-01T07:00:00+01:00"),
        (NIGHT, "2026-02-01T00:00:00+01:00", "2026-02-01T07:00:00+01:00"),
        (NIGHT, "2026-02-01T06:59:59.999+01:00", "2026-02-01T07:00:00+01:00"),
        (NIGHT, "2026-02-01T07:00:00+01:00", None),
        (NOON, "2026-07-01T11:59:00-04:00", None),
        (NOON, "2026-07-01T12:00:00-04:00", "2026-07-01T14:00:00-04:00"),
        (NOON, "2026-07-01T14:00:00-04:00", None),
        # The night in which the clocks go forward is an hour shorter, the one in which they go back longer.
        (NIGHT, "2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"),
        (NIGHT, "2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00"),
    ],
    ids=str,
)
def test_quiet_is_from_one_time_of_day_to_the_next_other(
    hours: QuietHours, moment: str, until: str | None
) -> None:
    assert quiet_until(hours, at(moment)) == (None if until is None else at(until))
    assert is_quiet(hours, at(moment)) is (until is not None)


def test_an_end_that_the_clocks_skip_is_reckoned_by_the_offset_from_before() -> None:
    hours = QuietHours(begin="22:00", end="02:30", time_zone="Europe/Paris")
    assert quiet_until(hours, at("2026-03-29T01:59:00+01:00")) == at("2026-03-29T02:30:00+01:00")
    assert is_quiet(hours, at("2026-03-29T03:29:00+02:00"))
    assert not is_quiet(hours, at("2026-03-29T03:30:00+02:00"))


def test_an_end_that_the_clocks_show_twice_is_the_first_and_a_begin_too() -> None:
    ends = QuietHours(begin="22:00", end="02:30", time_zone="Europe/Paris")
    begins = QuietHours(begin="02:30", end="05:00", time_zone="Europe/Paris")
    for moment, is_before in (("02:29:00+02:00", True), ("02:31:00+02:00", False), ("02:10:00+01:00", False)):
        assert is_quiet(ends, at(f"2026-10-25T{moment}")) is is_before
        assert is_quiet(begins, at(f"2026-10-25T{moment}")) is not is_before


def test_nobody_without_quiet_hours_is_quiet() -> None:
    assert not is_quiet(None, at("2026-01-31T03:00:00Z"))


@given(
    begin=st.integers(0, 1439),
    length=st.integers(1, 1439),
    zone=st.sampled_from(
        ["UTC", "Europe/Paris", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]
    ),
    day=st.integers(0, 365),
)
def test_quiet_lasts_its_length_but_for_a_change_of_the_clocks(
    begin: int, length: int, zone: str, day: int
) -> None:
    end = (begin + length) % 1440
    hours = QuietHours(
        begin=f"{begin // 60:02}:{begin % 60:02}", end=f"{end // 60:02}:{end % 60:02}", time_zone=zone
    )
    noon = at("2026-01-01T12:00:00Z") + day * 86_400_000
    minutes = sum(is_quiet(hours, noon + minute * 60_000) for minute in range(0, 1440, 5))
    assert abs(minutes * 5 - length) <= 65
    until = quiet_until(hours, noon)
    if until is not None:
        assert is_quiet(hours, until - 1)
        assert not is_quiet(hours, until)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "Paris",
            "Europe/Nowhere",
            "../etc/passwd",
            "/etc/localtime",
            "europe/paris\n",
            "A" * 99,
            "Europe",
        ),
        *(
            "localtime",
            "posixrules",
            "Factory",
            "posix/Europe/Paris",
            "right/UTC",
            "zone.tab",
            "Europe/Paris ",
        ),
    ],
)
def test_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="IANA"):
        zone_of(name)


def test_every_other_name_of_the_time_zone_database_is_accepted() -> None:
    names = zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"}
    assert {zone_of(name).key for name in names} == names
    assert {"UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+5"} <= names


@pytest.mark.parametrize("name", ["localtime", "Factory", "Europe/Nowhere"])
def test_stored_hours_in_a_zone_that_is_not_known_count_as_utc(name: str) -> None:
    hours = QuietHours(begin="22:30", end="07:00", time_zone=name)
    assert quiet_until(hours, at("2026-01-31T22:30:00Z")) == at("2026-02-01T07:00:00Z")
    assert not is_quiet(hours, at("2026-01-31T22:29:00Z"))
