"""Preference endpoints: categories and each user's choices."""
