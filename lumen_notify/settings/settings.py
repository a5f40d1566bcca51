"""Settings: one frozen object, read once from the environment.

Promise: whoever holds a `Settings` holds one that can work as far as its values alone tell; all
problems are reported together, by variable name and without the values; and neither the signing
secret nor the database's password shows in a repr.

Not here: which settings there are (`table`); whether a file or a server that one names can be reached
(`auth`, `commit/database`).
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from lumen_notify.errors import Misconfigured
from lumen_notify.settings.rate import Rate
from lumen_notify.settings.secret import masked_url
from lumen_notify.settings.table import Table

PREFIX = "LUMEN_"
FOREIGN_PREFIXES = ("LUMEN_TEST_", "LUMEN_BENCH_", "LUMEN_TOKEN")
"""Variables of the test-suite, the benchmark and the command line: no settings, and no typing errors."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings(Table):
    """Everything that can be set. The variable of a field is `LUMEN_` and its name in capitals.

    Raises Misconfigured, with all problems at once. `dataclasses.replace` or `with_` makes a
    changed copy, checked again.
    """

    def __post_init__(self) -> None:
        problems = []
        for each in fields(self):
            try:
                problem = each.metadata["check"](getattr(self, each.name))
            except (TypeError, AttributeError):
                problem = f"must be of type {each.type}"
            if problem is not None:
                problems.append((variable(each.name), problem))
        keys = [name for name in _KEYS if getattr(self, name) is not None]
        if len(keys) > 1:
            names = " and ".join(variable(name) for name in keys)
            problems.append((variable(keys[0]), f"only one key may be set, not {names}"))
        if self.accounts == "on":
            others = " and ".join(variable(name) for name in keys if name != "jwt_secret")
            if others:
                problem = f"cannot be on together with {others}: whoever holds the private key makes tokens"
                problems.append((variable("accounts"), problem))
        if problems:
            raise Misconfigured(problems)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the variables that begin with `LUMEN_`; an empty one counts as not set.

        environ: None means the process's own. Raises Misconfigured with all problems at once:
        those of the values, and variables that are no setting, which are most often misspelt.
        """
        environ = os.environ if environ is None else environ
        known = {variable(each.name): each for each in fields(cls)}
        problems = []
        values = {}
        for name, text in sorted(environ.items()):
            if not name.startswith(PREFIX) or name.startswith(FOREIGN_PREFIXES):
                continue
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
                problems.append((name, "is no setting" + "".join(f"; is it {c}?" for c in close)))
            elif text:
                try:
                    values[known[name].name] = known[name].metadata["read"](text.strip())
                except ValueError:
                    problems.append((name, "must be a number"))
        try:
            settings = cls(**values)
        except Misconfigured as error:
            raise Misconfigured([*problems, *error.problems]) from None
        if problems:
            raise Misconfigured(problems)
        return settings

    @classmethod
    def table(cls) -> list[tuple[str, str, str]]:
        """List all settings as (variable, default as text, documentation), in their order."""
        return [
            (variable(each.name), _default_text(each.default), each.metadata["doc"]) for each in fields(cls)
        ]

    def with_(self, **changes: Any) -> Settings:
        """Return a copy with some fields changed. Raises Misconfigured."""
        return replace(self, **changes)

    @property
    def is_loopback(self) -> bool:
        """Whether `host` can be reached from this machine alone. A name other than `localhost`
        counts as not, whatever it resolves to."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def has_verification_key(self) -> bool:
        """Whether a secret, a public key file or a key set's URL is set."""
        return any(getattr(self, name) is not None for name in _KEYS)

    @property
    def sender_rate(self) -> Rate | None:
        """What `limit_per_sender` says; None for no limit."""
        return None if self.limit_per_sender in ("off", "0") else Rate.parse(self.limit_per_sender)

    def __repr__(self) -> str:
        shown = {each.name: getattr(self, each.name) for each in fields(self)}
        shown["database_url"] = masked_url(self.database_url)
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


_KEYS = ("jwt_secret", "jwt_public_key_file", "jwt_jwks_url")


def variable(name: str) -> str:
    """Return the environment variable of a field."""
    return PREFIX + name.upper()


def _default_text(value: object) -> str:
    if value is None or value == ():
        return "not set"
    return f"{value:g}" if isinstance(value, float) else str(value)
