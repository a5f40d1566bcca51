"""Devices: where the pushes of users go."""
