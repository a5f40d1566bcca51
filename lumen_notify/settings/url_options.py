"""URL options: the `name=value` pairs after the `?` of a URL."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl


def parse_options(query: str, problem_of: Callable[[str, str], str | None]) -> dict[str, str]:
    """Return the options by name. problem_of: what is wrong with a name and its value; None if nothing is.

    Raises ValueError; its text says what is wrong.
    """
    options: dict[str, str] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise ValueError("has options that are not name=value, separated by &") from None
    for name, value in pairs:
        if name in options:
            raise ValueError(f"has the option {name} twice")
        if problem := problem_of(name, value):
            raise ValueError(problem)
        options[name] = value
    return options
