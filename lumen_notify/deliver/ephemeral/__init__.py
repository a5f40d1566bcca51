"""Ephemeral: sent to open streams only, never stored."""
