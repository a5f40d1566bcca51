"""Jobs: work that starts by time instead of by a request."""
