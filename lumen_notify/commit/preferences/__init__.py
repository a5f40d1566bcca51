"""Preferences: the application's definitions of categories, and the choices of users."""
