"""Help: what `--help` says of each subcommand, and an example of each."""

from __future__ import annotations

COMMANDS = {
    "serve": "Run the server until Ctrl-C or SIGTERM.",
    "intake": "Take notifications, messages and marks from a queue until Ctrl-C or SIGTERM.",
    "check": "Check settings, database, keys, push, port, disk and clock, without changing anything.",
    "settings": "Show all settings: their values, and where these come from.",
    "token": "Make a token for a user and print it.",
    "account": "Create or change an account and print its user id.",
    "backup": "Copy the SQLite database while a server uses it; print the commands for PostgreSQL.",
    "users": "Export all that is stored of a user, or delete a user.",
    "migrate": "Migrate the database to this version. The server also does this when it starts.",
    "send": "Publish one notification to a user.",
    "tail": "Follow a user's stream until Ctrl-C.",
    "push-test": "Push a test to each device of a user; print what the providers answer.",
    "vapid": "Make a private key for Web Push and print it.",
    "bench": "Measure streams, deliveries per second and latency on this machine.",
}
"""The subcommands and their help. Module and function in `commands` have the same name, with `_`
for `-`."""

EXAMPLES = {
    "serve": "lumen-notify serve --demo --port 8001",
    "intake": "LUMEN_INTAKE_URL=redis://127.0.0.1:6379/0 lumen-notify intake",
    "check": "lumen-notify check --env-file production.env",
    "settings": "lumen-notify settings --env > .env",
    "token": "lumen-notify token app --scope notify:publish --ttl 86400",
    "account": "lumen-notify account alice --scope notify:publish",
    "backup": "lumen-notify backup lumen-$(date +%F).db",
    "users": "lumen-notify users export alice > alice.jsonl",
    "migrate": "LUMEN_DATABASE_URL=postgresql://lumen@db.example/lumen lumen-notify migrate",
    "send": 'lumen-notify send alice "Back at noon" --category system',
    "tail": "lumen-notify tail alice",
    "push-test": "lumen-notify push-test alice",
    "vapid": "lumen-notify vapid > vapid.pem",
    "bench": "lumen-notify bench --streams 500 --seconds 3",
}
