"""Streams: opening, replay, timers, the list of open streams, and their endpoints."""
