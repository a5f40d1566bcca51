"""Admin: the event stream of administrators, and the figures of all instances that it shows."""
