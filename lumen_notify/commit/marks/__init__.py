"""Marks: how users mark notifications, and how many of them they have seen, read and archived."""
