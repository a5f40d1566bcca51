"""The comparison: this server beside a bare protocol, a plain application and nchan. `make bench` runs it."""
