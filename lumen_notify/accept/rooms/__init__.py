"""Room endpoints: rooms, members, messages, typing and blocks."""
