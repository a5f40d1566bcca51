"""Commands: a module for each, with its arguments; imported once it is chosen."""
