"""Commit: many commands, one transaction, and the log that it appends to."""
