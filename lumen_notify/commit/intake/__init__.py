"""Intake: what is committed of the messages of a queue."""
