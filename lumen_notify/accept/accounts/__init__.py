"""Account endpoints: register, log in, refresh, log out."""
