"""Presence: the open streams of all instances, their leases, and who is online."""
