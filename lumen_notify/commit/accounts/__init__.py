"""Accounts: users who log in here, their passwords and sessions."""
