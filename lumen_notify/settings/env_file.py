"""Env file: the `LUMEN_` variables of a `.env` file, each with its line.

    # a comment
    LUMEN_PORT=8001
    export LUMEN_HOST="127.0.0.1"

The syntax is that of python-dotenv, without `${...}`. Other variables in the file are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from lumen_notify.errors import Misconfigured
from lumen_notify.settings.environment import PREFIX

DEFAULT_FILE = ".env"
FILE_VARIABLE = "LUMEN_ENV_FILE"
"""The variable that names another file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvFile:
    """The variables of a file. lines: for each, where it stands, from 1."""

    path: Path
    variables: Mapping[str, str] = field(repr=False)
    lines: Mapping[str, int]

    def place(self, name: str) -> str:
        """Return where a variable stands, as `prod.env:3`."""
        return f"{self.path}:{self.lines[name]}"

    def apply(self, environ: MutableMapping[str, str]) -> EnvFile:
        """Set the variables that an environment does not have, or has empty. Return the file with only the
        lines whose value counts."""
        for name, text in self.variables.items():
            if not environ.get(name):
                environ[name] = text
        lines = {name: line for name, line in self.lines.items() if environ[name] == self.variables[name]}
        return EnvFile(path=self.path, variables=self.variables, lines=lines)

    def source(self, name: str) -> str:
        """Return a variable's name, after its place if the file is where its value is from."""
        return f"{self.place(name)}: {name}" if name in self.lines else name


def read_env_file(environ: Mapping[str, str]) -> EnvFile | None:
    """Read the file that LUMEN_ENV_FILE names, or `.env` in the working folder; None without either.

    Raises Misconfigured, with all lines that are not `NAME=value`.
    """
    named = environ.get(FILE_VARIABLE)
    path = Path(named or DEFAULT_FILE)
    if not named and not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8-sig") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise Misconfigured([(FILE_VARIABLE if named else str(path), f"{path}: {reason}")]) from None
    ours = {one.key: one for one in bindings if one.key is not None and one.key.startswith(PREFIX)}
    wrong = [one for one in bindings if one.error] + [one for one in ours.values() if one.value is None]
    if wrong:
        lines = sorted(map(_line, wrong))
        raise Misconfigured([(f"{path}:{line}", "is not NAME=value") for line in lines])
    return EnvFile(
        path=path,
        variables={name: str(one.value) for name, one in ours.items()},
        lines={name: _line(one) for name, one in ours.items()},
    )


def _line(binding: Binding) -> int:
    """Return the line of a binding, whose text begins with the blank lines before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
