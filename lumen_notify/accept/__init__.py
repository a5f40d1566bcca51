"""Accept: a request becomes a command, or a refusal."""
