"""Database: what commands do on the database itself, beside a server."""
