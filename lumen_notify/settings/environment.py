"""Environment: reads the values of settings from `LUMEN_` variables."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from lumen_notify.settings.checks import (
    LogFormat,
    LogLevel,
    Names,
    PushContent,
    SigningSecret,
    Switch,
    WebhookSecret,
)
from lumen_notify.settings.secret import Secret

PREFIX = "LUMEN_"
FOREIGN_PREFIXES = ("LUMEN_TEST_", "LUMEN_BENCH_", "LUMEN_TOKEN", "LUMEN_ENV_FILE")
"""Variables of the test suite, the benchmark and the command line: neither settings nor misspelt ones."""

UNKNOWN = "is not a known setting"


def split_list(text: str) -> tuple[str, ...]:
    """Return the items of a list that is separated by commas."""
    return tuple(item.strip().lower() for item in text.split(",") if item.strip())


SWITCHES = {
    **dict.fromkeys(("on", "true", "yes", "1"), "on"),
    **dict.fromkeys(("off", "false", "no", "0"), "off"),
}


def to_switch(text: str) -> str:
    """Return `on` or `off` for a word that means it, in any case. Raises ValueError for others."""
    if text.lower() not in SWITCHES:
        raise ValueError
    return SWITCHES[text.lower()]


CONVERTERS: Mapping[Any, Callable[[str], Any]] = {
    int: int,
    float: float,
    Path | None: Path,
    SigningSecret | None: Secret,
    WebhookSecret | None: Secret,
    Names | None: split_list,
    PushContent: str.lower,
    tuple[str, ...]: split_list,
    Switch: to_switch,
    LogFormat: str.lower,
    LogLevel: str.lower,
}
"""Converters from text, by the type of a setting; values of other types stay text. Raises ValueError."""


class Environment(EnvSettingsSource):
    """The variables of an environment. A call returns the values of those that are set, by field."""

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._known = [variable(name) for name in settings_cls.model_fields]
        ours = {name for name in environ if name.startswith(PREFIX) and not name.startswith(FOREIGN_PREFIXES)}
        self._unknown = sorted(ours.difference(self._known))
        # In lower case, as the base class asks for them.
        self.env_vars = {name.lower(): text.strip() for name in self._known if (text := environ.get(name))}

    def unknown(self) -> list[tuple[str, str]]:
        """Return the variables that are not known settings, each with the problem."""
        return [(name, self._suggestion(name)) for name in self._unknown]

    def prepare_field_value(
        self,
        field_name: str,  # noqa: ARG002 - as the base class has it
        field: FieldInfo,
        value: Any,
        value_is_complex: bool,  # noqa: ARG002
    ) -> Any:
        """Convert a variable's text. Text that cannot be converted stays, and the setting refuses it."""
        try:
            return None if value is None else CONVERTERS.get(field.annotation, str)(value)
        except ValueError:
            return value

    def _suggestion(self, name: str) -> str:
        close = difflib.get_close_matches(name, self._known, n=1, cutoff=0.8)
        return f"{UNKNOWN}. Did you mean {close[0]}?" if close else UNKNOWN


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def problems_of(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Yield the settings with an invalid value, each with the problem."""
    for each in error.errors(include_url=False, include_input=False):
        text = each["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        yield str(each["loc"][0]), UNKNOWN if each["type"] == "extra_forbidden" else text
