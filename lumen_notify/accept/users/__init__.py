"""Users: an export of all that is stored of a user, and their deletion."""
