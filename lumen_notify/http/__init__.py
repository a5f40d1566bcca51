"""HTTP: reading requests, writing responses and problem documents."""
