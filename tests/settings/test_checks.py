"""Checks: what a value may be."""

from __future__ import annotations

import pytest

from lumen_notify.settings import MIN_SECRET_BYTES, Settings

from .environments import problems_of


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "80.5"),
        ("JWT_LEEWAY_SECONDS", "-1"),
        ("JWT_LEEWAY_SECONDS", "301"),
        ("PING_SECONDS", "0"),
        ("PING_SECONDS", "nan"),
        ("PING_SECONDS", "inf"),
        ("PING_SECONDS", "3601"),
        ("DRAIN_SECONDS", "-0.1"),
        ("MAX_BODY_BYTES", "0"),
        ("MAX_CONTENT_CHARACTERS", "0"),
        ("MAX_BATCH_ROWS", "0"),
        ("MAX_STREAMS", "-1"),
        ("MAX_STREAMS_PER_USER", "-1"),
        ("MAX_STREAMS_PER_ADDRESS", "-1"),
        ("MAX_BACKLOG_BYTES", "0"),
        ("MAX_STREAM_SECONDS", "-1"),
        ("REPLAY_EVENTS", "-1"),
        ("LIMIT_PER_SENDER", "600"),
        ("LIMIT_PER_SENDER", "0/minute"),
        ("LIMIT_PER_SENDER", "6/fortnight"),
        ("HOST", "http://localhost"),
        ("HOST", "[::1]"),
        ("CORS_ORIGINS", "https://app.example/"),
        ("CORS_ORIGINS", "app.example"),
        ("CORS_ORIGINS", "*,https://app.example"),
        ("JWT_JWKS_URL", "file:///etc/passwd"),
        ("JWT_JWKS_URL", "https:///keys"),
        ("JWT_JWKS_URL", "https://user:pass@issuer.example/keys"),
        ("JWT_JWKS_URL", "https://issuer.example:99999/keys"),
        ("JWT_JWKS_URL", "https://issuer.example/ke ys"),
        ("JWT_SECRET", "x" * (MIN_SECRET_BYTES - 1)),
        ("JWT_SECRET", "\udcff" * MIN_SECRET_BYTES),
    ],
    ids=repr,
)
def test_a_value_out_of_its_range_is_a_problem(name: str, text: str) -> None:
    assert problems_of({"LUMEN_" + name: text}).keys() == {"LUMEN_" + name}


@pytest.mark.parametrize("size", ["é" * 16, "x" * MIN_SECRET_BYTES], ids=["utf-8", "ascii"])
def test_a_secret_is_measured_in_bytes(size: str) -> None:
    assert Settings.from_env({"LUMEN_JWT_SECRET": size}).has_verification_key


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///relative.db",
        "sqlite:///folder/relative.db",
        "sqlite:////absolute/file.db",
        "postgresql://user:p%40ss@db.example:5432/name",
        "postgresql://user@/name?host=/var/run/postgresql",
        "postgresql:///name?host=/tmp/with space",
        "postgresql://db/name",
        "postgres://db/name",
    ],
)
def test_a_database_url_of_a_known_form_is_taken(url: str) -> None:
    assert Settings.from_env({"LUMEN_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    "url",
    [
        "lumen.db",
        "sqlite://lumen.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///a\nb",
        "mysql://db/name",
        "postgresql+asyncpg://db/name",
        "postgresql:/name",
        "postgresql://db",
        "postgresql://db/",
        "postgresql://db/a/b",
        "postgresql://db:port/name",
        "postgresql://db:0/name",
        "postgresql://[::1/name",
        "postgresql://user:pa/ss@db/name",
        "postgresql://user:1/ss@db/name",
        "postgresql://user:1#ss@db/name",
    ],
)
def test_a_database_url_of_another_form_is_a_problem(url: str) -> None:
    assert problems_of({"LUMEN_DATABASE_URL": url}).keys() == {"LUMEN_DATABASE_URL"}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"LUMEN_TLS_CERT_FILE": "cert.pem"}, "LUMEN_TLS_KEY_FILE"),
        ({"LUMEN_TLS_KEY_FILE": "key.pem"}, "LUMEN_TLS_CERT_FILE"),
        ({"LUMEN_HTTP2": "on"}, "LUMEN_TLS_CERT_FILE"),
    ],
)
def test_settings_of_tls_must_fit_together(given: dict[str, str], missing: str) -> None:
    (problem,) = problems_of(given).values()
    assert f"set {missing}" in problem


def test_certificate_with_its_key_may_be_offered_with_http2() -> None:
    environ = {"LUMEN_TLS_CERT_FILE": "cert.pem", "LUMEN_TLS_KEY_FILE": "key.pem", "LUMEN_HTTP2": "on"}
    assert Settings.from_env(environ).http2 == "on"
