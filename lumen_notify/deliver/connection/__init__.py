"""Connection: how the bytes of one stream leave the process."""
