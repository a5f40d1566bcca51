"""Deliver: an event becomes frames on the streams of those whom it concerns."""
