"""Preferences: what the application defines for a category, and what each user chooses."""
