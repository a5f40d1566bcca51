"""Fixtures of tracing."""

from __future__ import annotations

from .recorded_spans import recorded

__all__ = ["recorded"]
