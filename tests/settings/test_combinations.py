"""Combinations: settings that do not fit together are refused by name, whatever else is wrong."""

from __future__ import annotations

import pytest

from lumen_notify.settings.backplane_url import NEEDS_ONE_PROCESS, NEEDS_POSTGRESQL

from .environments import LONG, problems_of


@pytest.mark.parametrize(
    ("environ", "problems"),
    [
        ({"LUMEN_BACKPLANE_URL": "postgresql://"}, {"LUMEN_BACKPLANE_URL": NEEDS_POSTGRESQL}),
        ({"LUMEN_BACKPLANE_URL": "postgresql://db/name"}, {"LUMEN_BACKPLANE_URL": NEEDS_POSTGRESQL}),
        (
            {
                "LUMEN_BACKPLANE_URL": "memory://",
                "LUMEN_DATABASE_URL": "postgresql://db/name",
                "LUMEN_WORKERS": "2",
            },
            {"LUMEN_BACKPLANE_URL": NEEDS_ONE_PROCESS},
        ),
        (
            {"LUMEN_HTTP2": "on"},
            {"LUMEN_HTTP2": "needs TLS: set LUMEN_TLS_CERT_FILE and LUMEN_TLS_KEY_FILE too"},
        ),
        (
            {"LUMEN_ACCOUNTS": "on", "LUMEN_JWT_SECRET": LONG, "LUMEN_JWT_JWKS_URL": "http://keys"},
            {
                "LUMEN_JWT_SECRET": "only one key may be set, not LUMEN_JWT_SECRET and LUMEN_JWT_JWKS_URL",
                "LUMEN_ACCOUNTS": (
                    "cannot be on together with LUMEN_JWT_JWKS_URL: only the private key's owner can make"
                    " tokens"
                ),
            },
        ),
        (
            {"LUMEN_PUSH_WEBHOOK_URL": "http://app"},
            {"LUMEN_PUSH_WEBHOOK_URL": "needs its secret: set LUMEN_PUSH_WEBHOOK_SECRET too"},
        ),
        (
            {"LUMEN_PUSH_APNS_KEY_ID": "ABCDE12345", "LUMEN_PUSH_APNS_TOPIC": "app"},
            {"LUMEN_PUSH_APNS_KEY_ID": "needs LUMEN_PUSH_APNS_KEY_FILE and LUMEN_PUSH_APNS_TEAM_ID too"},
        ),
        (
            {"LUMEN_PUSH_PROVIDERS": "log,fcm"},
            {"LUMEN_PUSH_PROVIDERS": "has fcm, which needs LUMEN_PUSH_FCM_CREDENTIALS_FILE"},
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(
    environ: dict[str, str], problems: dict[str, str]
) -> None:
    assert problems_of(environ) == problems
