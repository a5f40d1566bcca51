"""Combinations: settings that are valid each, but do not fit together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lumen_notify.settings.backplane_url import MEMORY, NEEDS_ONE_PROCESS, NEEDS_POSTGRESQL
from lumen_notify.settings.environment import variable
from lumen_notify.settings.intake_settings import OTHER_TOPIC, TOPIC

PROVIDER_SETTINGS = {
    "fcm": "push_fcm_credentials_file",
    "apns": "push_apns_key_file",
    "webhook": "push_webhook_url",
}
"""The setting that each provider needs; Web Push and the log need none."""

KEYS = ("jwt_secret", "jwt_public_key_file", "jwt_jwks_url")


def problems_between(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the settings that do not fit to others, each with the problem. values: as given, by name; they
    may be of any type."""
    yield from _key_problems(values)
    yield from _tls_problems(values)
    yield from _backplane_problems(values)
    yield from _push_problems(values)
    yield from _intake_problems(values)


def _key_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    keys = [name for name in KEYS if values.get(name) is not None]
    public = " and ".join(variable(name) for name in keys if name != "jwt_secret")
    if len(keys) > 1:
        yield keys[0], f"only one key may be set, not {' and '.join(map(variable, keys))}"
    if values.get("accounts") == "on" and public:
        yield "accounts", f"cannot be on together with {public}: only the private key's owner can make tokens"


def _tls_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    cert, key = (values.get(f"tls_{name}_file") for name in ("cert", "key"))
    if cert is not None and key is None:
        yield "tls_cert_file", "needs its private key: set LUMEN_TLS_KEY_FILE too"
    if key is not None and cert is None:
        yield "tls_key_file", "needs its certificate: set LUMEN_TLS_CERT_FILE too"
    if values.get("http2") == "on" and cert is None:
        yield "http2", "needs TLS: set LUMEN_TLS_CERT_FILE and LUMEN_TLS_KEY_FILE too"


def _backplane_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    backplane, database = values.get("backplane_url"), values.get("database_url")
    is_postgresql = isinstance(backplane, str) and backplane.startswith("postgres")
    if is_postgresql and not (isinstance(database, str) and database.startswith("postgres")):
        yield "backplane_url", NEEDS_POSTGRESQL
    workers = values.get("workers")
    if backplane == MEMORY and isinstance(workers, int) and workers > 1:
        yield "backplane_url", NEEDS_ONE_PROCESS


def _intake_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if values.get("intake_dead_letter_topic") == values.get("intake_topic", TOPIC):
        yield "intake_dead_letter_topic", OTHER_TOPIC


def _push_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    apns = [f"push_apns_{name}" for name in ("key_file", "key_id", "team_id", "topic")]
    missing = [variable(name) for name in apns if values.get(name) is None]
    if missing and len(missing) < len(apns):
        yield (
            next(name for name in apns if values.get(name) is not None),
            f"needs {' and '.join(missing)} too",
        )
    if values.get("push_webhook_url") is not None and values.get("push_webhook_secret") is None:
        yield "push_webhook_url", "needs its secret: set LUMEN_PUSH_WEBHOOK_SECRET too"
    for provider, name in PROVIDER_SETTINGS.items():
        if provider in (values.get("push_providers") or ()) and values.get(name) is None:
            yield "push_providers", f"has {provider}, which needs {variable(name)}"
