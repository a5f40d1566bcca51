"""Ephemeral: frames that are sent to open streams only, and never stored."""
