"""Streams: opened, brought up to date, kept alive, listed, closed."""
