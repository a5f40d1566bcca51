"""Check: what `lumen-notify check` does: try what a start of the server needs, and change nothing."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from lumen_notify.accept.preferences.categories import defined_in
from lumen_notify.auth import Verifier, load_secret, secret_path
from lumen_notify.cli.checks.host import check_clock, free_space, warnings_of_keys
from lumen_notify.cli.config import missing_database_file, require_shared
from lumen_notify.cli.listener import listen
from lumen_notify.cli.tls import certificate
from lumen_notify.commit.database import Database, migrations
from lumen_notify.commit.database.startup_errors import require_file
from lumen_notify.deliver.backplane.opening import backplane_place, open_backplane, open_redis
from lumen_notify.deliver.backplane.remote import Receivers, RemoteBackplane
from lumen_notify.errors import BackplaneUnavailable, LumenError, Misconfigured, Unavailable
from lumen_notify.intake.brokers.opening import open_source
from lumen_notify.model import value
from lumen_notify.outages import Outage, cause_of
from lumen_notify.push.provider import HasCredentials
from lumen_notify.push.providers.registry import close_providers, open_providers
from lumen_notify.settings import Settings, masked_url, variable
from lumen_notify.settings.combinations import KEYS
from lumen_notify.settings.intake_url import parse_intake_url

NAME_WIDTH = 10


@value
class Finding:
    """One line of the check. is_problem: whether the server could not start, or not as intended. is_warning:
    whether it starts, and somebody should change something all the same."""

    name: str
    text: str
    is_problem: bool = False
    is_warning: bool = False

    def line(self) -> str:
        """Return the line to print."""
        state = "FAILS" if self.is_problem else "warns" if self.is_warning else "ok"
        return f"{self.name:{NAME_WIDTH}} {state:5}  {self.text}"


async def check(settings: Settings, *, asks_push: bool = False) -> list[Finding]:
    """Check settings that are valid in themselves; return a finding for each part. asks_push: whether to ask
    the services of push about the credentials."""
    return [
        await _found("database", lambda: check_database(settings)),
        await _found("backplane", lambda: check_backplane(settings)),
        await _found("keys", lambda: check_keys(settings)),
        await _found("categories", lambda: check_categories(settings)),
        await _found("push", lambda: check_push(settings, asks=asks_push)),
        await _found("TLS", lambda: check_tls(settings)),
        await _found("port", lambda: check_port(settings)),
        await _found("intake", lambda: check_intake(settings)),
        await _found("disk", lambda: check_disk(settings)),
        await _found("clock", lambda: check_clock(settings)),
        *(Finding(name="key files", text=text, is_warning=True) for text in warnings_of_keys(settings)),
    ]


async def _found(name: str, look: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(name=name, text=await look())
    except Misconfigured as error:
        text = "; ".join(f"{variable}: {problem}" for variable, problem in error.problems)
    except LumenError as error:
        text = error.message
    return Finding(name=name, text=text, is_problem=True)


async def check_database(settings: Settings) -> str:
    """Connect, and compare versions. A SQLite file that does not exist is not made."""
    require_shared(settings, settings.workers)
    url = masked_url(settings.database_url)
    require_file(settings.database_url)
    if (path := missing_database_file(settings)) is not None:
        return f"{path} does not exist yet; `lumen-notify serve` makes it."
    database = Database(settings.database_url)
    try:
        await database.open()
        version, newest = await migrations.versions(database)
    finally:
        await database.close()
    state = "the newest" if version == newest else f"`lumen-notify serve` or `migrate` makes it {newest}"
    return f"{url} has version {version}, {state}."


async def check_backplane(settings: Settings) -> str:
    """Connect, and wait for a probe to come back, as an instance does."""
    place = backplane_place(settings)
    redis = open_redis(settings.backplane)
    database = Database(settings.database_url)
    backplane = open_backplane(
        settings.backplane,
        redis=redis,
        database=database,
        instance=f"check:{secrets.token_hex(8)}",
        epoch=lambda: "check",
        receivers=Receivers(lambda *_: None, lambda _: None, lambda *_: None, lambda: None),
        outage=Outage("backplane", place=place),
    )
    if not isinstance(backplane, RemoteBackplane):
        return "None is set: this process is the only one."
    try:
        if redis is None:
            await database.open()
        await backplane.try_once()
    except Unavailable as error:
        raise BackplaneUnavailable(f"{place}: {cause_of(error)}") from None
    finally:
        if redis is not None:
            await redis.close()
        await database.close()
    return f"{place} delivers what is sent."


async def check_keys(settings: Settings) -> str:
    """Read the secret or the public key, or fetch the key set."""
    if settings.has_verification_key:
        await Verifier.from_settings(settings).check_keys()
        name = next(name for name in KEYS if getattr(settings, name) is not None)
        return f"{variable(name)} verifies tokens."
    path = secret_path(settings).absolute()
    if not settings.is_loopback:
        keys = ", ".join(map(variable, KEYS))
        problem = f"must be a loopback address such as 127.0.0.1 unless a key is set (one of {keys})"
        raise Misconfigured([(variable("host"), problem)])
    found = "is" if load_secret(path) is not None else "will be made, and is"
    return f"The secret in {path} {found} used; only this machine can connect."


async def check_categories(settings: Settings) -> str:
    """Read the file of categories."""
    if settings.categories is None:
        return "No file defines categories."
    return f"{settings.categories} defines {len(defined_in(settings.categories))}."


async def check_push(settings: Settings, *, asks: bool) -> str:
    """Open the providers, which read their files; ask their services if wanted."""
    names = settings.push_provider_names
    if not names:
        return "Push is off."
    # Without a file, the first start makes the key of Web Push, in the database.
    is_made = "webpush" in names and settings.push_vapid_key_file is None
    read = tuple(name for name in names if name != "webpush" or not is_made)
    providers = await open_providers(
        settings.with_(push_providers=read or ("off",)), Database(settings.database_url)
    )
    try:
        asked = [name for name, one in providers.items() if asks and isinstance(one, HasCredentials)]
        for name in asked:
            provider = providers[name]
            assert isinstance(provider, HasCredentials)
            await provider.check()
    finally:
        await close_providers(list(providers.values()))
    answers = f" {', '.join(asked)}: the service accepts the credentials." if asked else ""
    subject = variable("push_vapid_subject")
    is_missing = "webpush" in names and settings.push_vapid_subject is None
    warning = f" Apple's push service refuses Web Push without {subject}." if is_missing else ""
    return f"{', '.join(names)} can be used.{answers}{warning}"


async def check_tls(settings: Settings) -> str:
    """Read the certificate and its key."""
    if certificate(settings) is None:
        return "No certificate is set: the server speaks plain HTTP."
    return f"{settings.tls_cert_file} is a certificate, with its key."


async def check_intake(settings: Settings) -> str:
    """Look whether the library for the broker is installed. The broker itself is not asked."""
    if settings.intake_url is None:
        return "No queue is set."
    open_source(settings)
    return f"{parse_intake_url(settings.intake_url).place} is read by `serve`, or by `lumen-notify intake`."


async def check_disk(settings: Settings) -> str:
    """Look how much is free beside a SQLite database."""
    return free_space(settings)


async def check_port(settings: Settings) -> str:
    """Listen for a moment."""
    listen(settings).close()
    return f"Port {settings.port} at {settings.host} is free."
