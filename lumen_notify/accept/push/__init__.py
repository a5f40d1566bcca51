"""Push: what became of pushes, for those who run the server."""
