"""Value: the decorator for immutable values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

Class = TypeVar("Class")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def value(cls: type[Class]) -> type[Class]:
    """Make a keyword-only, slotted dataclass for immutable values.

    Only mypy enforces that it is immutable: `frozen=True` triples the construction time, and several values
    are made for every write.
    """
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
