"""Audit: what administrators did, for whoever must answer for it."""
