"""Users: all that is stored of one user, out of the database as an export, and gone by a deletion."""
