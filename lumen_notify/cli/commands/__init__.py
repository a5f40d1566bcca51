"""Commands: one module per subcommand, with its arguments; imported only when it runs."""
