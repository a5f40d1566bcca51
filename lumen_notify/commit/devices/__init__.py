"""Devices: what users have registered for push, and what ends them."""
