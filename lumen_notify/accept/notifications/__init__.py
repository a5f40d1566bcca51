"""Notification endpoints: publish, schedule, list and mark."""
