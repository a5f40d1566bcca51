"""Jobs: work that is started by the clock instead of by a request."""
