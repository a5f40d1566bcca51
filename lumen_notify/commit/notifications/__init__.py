"""Notifications: published, scheduled, grouped, listed, marked, removed."""
