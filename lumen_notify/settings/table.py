"""Table: all settings, each with its default, how its text is read, what may be wrong with it, what it means.

Not here: reading them all, and what holds between several (`settings`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lumen_notify.settings.checks import (
    LOG_LEVELS,
    above_zero,
    between,
    check_database_url,
    check_host,
    check_key_url,
    check_log_level,
    check_origins,
    check_path,
    check_rate,
    check_secret,
    check_switch,
    check_text,
    lower,
    origins,
    setting,
    zero_or,
)
from lumen_notify.settings.secret import MIN_SECRET_BYTES, Secret


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Table:
    """What `Settings` holds, in the order in which it is told."""

    database_url: str = setting(
        "sqlite:///lumen-notify.db",
        str,
        check_database_url,
        "Where everything is stored: `sqlite:///file`, `sqlite:////absolute/file` or"
        " `postgresql://user:password@host/name` (socket: `postgresql://user@/name?host=/path`).",
    )
    host: str = setting("127.0.0.1", str, check_host, "The address or host name to listen on.")
    port: int = setting(
        8000, int, between(0, 65535), "The TCP port to listen on; 0 means that the system chooses a free one."
    )
    jwt_secret: Secret | None = setting(
        None,
        Secret,
        check_secret,
        f"The secret of HS256 tokens, at least {MIN_SECRET_BYTES} bytes; with no key set at all"
        " the first start makes a demo secret and listens on loopback only.",
    )
    jwt_public_key_file: Path | None = setting(
        None,
        Path,
        check_path,
        "A PEM file with the public key of RS256, ES256 or EdDSA tokens; excludes the other keys.",
    )
    jwt_jwks_url: str | None = setting(
        None,
        str,
        check_key_url,
        "The http(s) URL of a JSON Web Key Set with the tokens' public keys; excludes the other keys.",
    )
    jwt_audience: str | None = setting(
        None,
        str,
        check_text,
        "The audience (`aud`) that tokens must name; not set means that tokens must name none.",
    )
    jwt_issuer: str | None = setting(
        None, str, check_text, "The issuer (`iss`) that tokens must name; not set means that any may."
    )
    jwt_leeway_seconds: int = setting(
        10,
        int,
        between(0, 300),
        "How many seconds the clocks of the tokens' issuer and of this server may differ, at most 300.",
    )
    accounts: str = setting(
        "off",
        lower,
        check_switch,
        "Whether this server has users of its own: with `on`, which needs HS256, anybody who can connect"
        " may register; `off`: users are your application's.",
    )
    access_token_seconds: int = setting(
        900,
        int,
        between(60, 86400),
        "How many seconds the access token of an account is good, from 60 to a day.",
    )
    refresh_token_seconds: int = setting(
        30 * 86400,
        int,
        between(300, 366 * 86400),
        "After how many seconds without a refresh a log-in ends, from 300 to a year.",
    )
    cors_origins: tuple[str, ...] = setting(
        (),
        origins,
        check_origins,
        "The origins whose pages may call from a browser, split by commas; `*` means any, without cookies.",
    )
    ping_seconds: float = setting(
        30.0,
        float,
        above_zero(3600),
        "After how many seconds of silence a stream gets a ping, above 0 and at most 3,600.",
    )
    drain_seconds: float = setting(
        10.0,
        float,
        between(0, 3600),
        "How many seconds a stop waits for requests in flight, at most 3,600; 0 means not at all.",
    )
    max_body_bytes: int = setting(
        65536, int, between(1, 2**30), "The longest request body in bytes, from 1 to 1 GiB."
    )
    max_content_characters: int = setting(
        8000,
        int,
        between(1, 1_000_000),
        "The longest content of one notification in characters, from 1 to 1,000,000.",
    )
    max_batch_rows: int = setting(
        1000,
        int,
        between(1, 100_000),
        "The most notifications or recipients that one publish may list, from 1 to 100,000.",
    )
    max_streams: int = setting(
        0, int, between(0, 10_000_000), "The most open streams of one process; 0 means no limit."
    )
    max_streams_per_user: int = setting(
        20, int, between(0, 10_000_000), "The most open streams of one user in one process; 0 means no limit."
    )
    max_streams_per_address: int = setting(
        0,
        int,
        between(0, 10_000_000),
        "The most open streams of one client address in one process; 0 means no limit.",
    )
    max_rooms_per_user: int = setting(
        1000,
        int,
        between(0, 10_000_000),
        "The most rooms that one user may be in, beside direct ones; 0 means no limit.",
    )
    max_backlog_bytes: int = setting(
        1048576,
        int,
        between(1, 2**30),
        "How many bytes may wait for one slow stream before it is closed, from 1 to 1 GiB.",
    )
    max_stream_seconds: float = setting(
        0.0,
        float,
        between(0, 30 * 86400),
        "After how many seconds a stream is closed for the client to come back, at most 30 days;"
        " 0 means no limit.",
    )
    rate_limits: str = setting(
        "on",
        lower,
        check_switch,
        "Whether limits on how often somebody may do something hold; `off` is for load tests.",
    )
    limit_per_sender: str = setting(
        "off",
        lower,
        check_rate,
        "How many notifications one sender may publish, as `600/minute` (second, hour, day); 0 or `off`"
        " means no limit.",
    )
    replay_events: int = setting(
        10000,
        int,
        between(0, 10_000_000),
        "How many of the newest events are kept in memory for reconnects, at most 10,000,000;"
        " 0 means none: every reconnect reads the database.",
    )
    retention_events_seconds: int = setting(
        7 * 86400,
        int,
        zero_or(60, 10 * 365 * 86400),
        "How many seconds an event can be replayed, at least 60, at most ten years; a cursor from before"
        " gets `reset`. 0 means for ever.",
    )
    retention_events: int = setting(
        1_000_000,
        int,
        between(0, 10**12),
        "How many of the newest events are kept, once they are a minute old; 0 means no limit.",
    )
    retention_notifications_seconds: int = setting(
        365 * 86400,
        int,
        zero_or(60, 10 * 365 * 86400),
        "After how many seconds a notification is removed, read or not, at least 60, at most ten years;"
        " 0 means never.",
    )
    retention_notifications: int = setting(
        0,
        int,
        between(0, 10**9),
        "How many of the newest notifications to one user, to one room and to all are kept each;"
        " 0 means no limit.",
    )
    retention_archived_seconds: int = setting(
        30 * 86400,
        int,
        between(0, 10 * 365 * 86400),
        "After how many seconds a notification to one user, archived by this user, is removed; at most"
        " ten years, 0 means never.",
    )
    retention_idempotency_seconds: int = setting(
        86400,
        int,
        zero_or(60, 10 * 365 * 86400),
        "How many seconds an `Idempotency-Key` is remembered, at least 60, at most ten years;"
        " 0 means for ever.",
    )
    categories: Path | None = setting(
        None,
        Path,
        check_path,
        "A TOML or JSON file that defines categories, read at each start; those that it does not name"
        " stay as they are.",
    )
    log_level: str = setting(
        "info", lower, check_log_level, f"The least severe lines to log: {', '.join(LOG_LEVELS)}."
    )
