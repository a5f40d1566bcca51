"""Environment: what the variables may say, and that unknown ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Secret, Settings

from .environments import LONG, problems_of


def test_every_setting_is_read_from_its_variable() -> None:
    settings = Settings.from_env(
        {
            "LUMEN_DATABASE_URL": "postgresql://lumen@/lumen?host=/run/pg",
            "LUMEN_HOST": "::",
            "LUMEN_PORT": "0",
            "LUMEN_JWT_SECRET": LONG,
            "LUMEN_JWT_AUDIENCE": "lumen",
            "LUMEN_JWT_ISSUER": "https://issuer.example",
            "LUMEN_JWT_LEEWAY_SECONDS": "0",
            "LUMEN_ACCOUNTS": "ON",
            "LUMEN_ACCESS_TOKEN_SECONDS": "60",
            "LUMEN_REFRESH_TOKEN_SECONDS": "300",
            "LUMEN_CORS_ORIGINS": "https://App.example, http://localhost:5173,",
            "LUMEN_PING_SECONDS": "0.5",
            "LUMEN_DRAIN_SECONDS": "0",
            "LUMEN_MAX_BODY_BYTES": "1",
            "LUMEN_MAX_CONTENT_CHARACTERS": "2",
            "LUMEN_MAX_BATCH_ROWS": "3",
            "LUMEN_MAX_STREAMS": "4",
            "LUMEN_MAX_STREAMS_PER_USER": "5",
            "LUMEN_MAX_STREAMS_PER_ADDRESS": "6",
            "LUMEN_MAX_ROOMS_PER_USER": "12",
            "LUMEN_MAX_BACKLOG_BYTES": "7",
            "LUMEN_MAX_STREAM_SECONDS": "8.5",
            "LUMEN_RATE_LIMITS": "off",
            "LUMEN_REPLAY_EVENTS": "9",
            "LUMEN_RETENTION_EVENTS_SECONDS": "60",
            "LUMEN_RETENTION_EVENTS": "10",
            "LUMEN_RETENTION_NOTIFICATIONS_SECONDS": "62",
            "LUMEN_RETENTION_NOTIFICATIONS": "11",
            "LUMEN_RETENTION_ARCHIVED_SECONDS": "0",
            "LUMEN_RETENTION_IDEMPOTENCY_SECONDS": "61",
            "LUMEN_LIMIT_PER_SENDER": "600/Minute",
            "LUMEN_CATEGORIES": "/etc/categories.toml",
            "LUMEN_LOG_LEVEL": "DEBUG",
            "LUMEN_LOG_FORMAT": "JSON",
            "LUMEN_ACCESS_LOG": "yes",
        }
    )

    assert settings == Settings(
        database_url="postgresql://lumen@/lumen?host=/run/pg",
        host="::",
        port=0,
        jwt_secret=Secret(LONG),
        jwt_audience="lumen",
        jwt_issuer="https://issuer.example",
        jwt_leeway_seconds=0,
        accounts="on",
        access_token_seconds=60,
        refresh_token_seconds=300,
        cors_origins=("https://app.example", "http://localhost:5173"),
        ping_seconds=0.5,
        drain_seconds=0,
        max_body_bytes=1,
        max_content_characters=2,
        max_batch_rows=3,
        max_streams=4,
        max_streams_per_user=5,
        max_streams_per_address=6,
        max_rooms_per_user=12,
        max_backlog_bytes=7,
        max_stream_seconds=8.5,
        rate_limits="off",
        replay_events=9,
        retention_events_seconds=60,
        retention_events=10,
        retention_notifications_seconds=62,
        retention_notifications=11,
        retention_archived_seconds=0,
        retention_idempotency_seconds=61,
        limit_per_sender="600/minute",
        categories=Path("/etc/categories.toml"),
        log_level="debug",
        log_format="json",
        access_log="on",
    )


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMEN_PORT", "4711")

    assert Settings.from_env().port == 4711


def test_all_problems_are_reported_together_by_variable_and_without_values() -> None:
    environ = {
        "LUMEN_PORT": "eight-thousand",
        "LUMEN_HOST": "not a host",
        "LUMEN_JWT_SECRET": "too-short-to-hold",
        "LUMEN_DATABASE_URL": "mysql://root:hunter2@db/name",
        "LUMEN_LOG_LEVEL": "chatty",
        "LUMEN_JWT_AUDIENCE": "bell\x07",
        "LUMEN_TYPO": "mistyped",
    }

    problems = problems_of(environ)

    assert problems.keys() == environ.keys()
    with pytest.raises(Misconfigured) as caught:
        Settings.from_env(environ)
    for name, value in environ.items():
        assert name in str(caught.value)
        assert value not in str(caught.value)


def test_a_misspelt_variable_is_a_problem_and_the_right_one_is_named() -> None:
    assert problems_of({"LUMEN_PROT": "1"}) == {
        "LUMEN_PROT": "is not a known setting. Did you mean LUMEN_PORT?"
    }
    assert problems_of({"LUMEN_XYZZY": "1"}) == {"LUMEN_XYZZY": "is not a known setting"}


def test_variables_of_tests_benchmarks_and_other_programs_are_left_alone() -> None:
    others = {"LUMEN_TEST_DATABASE_URL": "x", "LUMEN_BENCH_USERS": "x", "LUMENS": "x", "PATH": "x"}

    assert Settings.from_env(others) == Settings()


@pytest.mark.parametrize(
    ("text", "is_on"),
    [
        ("on", True), ("TRUE", True), ("yes", True), ("1", True),
        ("off", False), ("False", False), ("no", False), ("0", False),
    ],
)  # fmt: skip
def test_a_switch_takes_the_usual_words(text: str, is_on: bool) -> None:
    settings = Settings.from_env({"LUMEN_ACCOUNTS": text, "LUMEN_RATE_LIMITS": text})
    assert settings.accounts == settings.rate_limits == ("on" if is_on else "off")
    assert problems_of({"LUMEN_ACCOUNTS": f"{text}!"}) == {"LUMEN_ACCOUNTS": "must be 'on' or 'off'"}


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_env({"LUMEN_JWT_SECRET": "", "LUMEN_PORT": "", "LUMEN_HOST": ""}) == Settings()


def test_paths_are_paths() -> None:
    assert Settings.from_env({"LUMEN_JWT_PUBLIC_KEY_FILE": "/k.pem"}).jwt_public_key_file == Path("/k.pem")


@given(
    st.dictionaries(
        st.sampled_from([name for name, _, _ in Settings.table()]),
        st.text(min_size=1),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_is_either_taken_or_named_as_a_problem(environ: dict[str, str]) -> None:
    problems: tuple[tuple[str, str], ...] | None = None
    try:
        Settings.from_env(environ)
    except Misconfigured as error:
        problems = error.problems

    assert problems is None or {name for name, _ in problems} <= environ.keys()


def test_a_variable_in_small_letters_is_a_misspelt_one() -> None:
    assert problems_of({"LUMEN_port": "x"}).keys() == {"LUMEN_port"}
    assert Settings.from_env({"lumen_port": "1"}) == Settings()
