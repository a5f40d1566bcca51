"""Presence: reports this instance's streams to the others, and announces who is online."""
