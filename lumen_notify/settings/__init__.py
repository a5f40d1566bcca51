"""Settings: the configuration of the server, from environment variables or in code.

settings      the settings, each with its type, default, bounds and description
push_settings those of push
environment   reads them from `LUMEN_` variables
descriptions  what the source says of each, for documents and `lumen-notify settings`
env_file      the variables of a .env file
checks        their types: URLs, origins, rates, secrets
combinations  which of them do not fit together
database_url  which URLs name a database, and what their options mean
backplane_url  the same of a backplane
secret        text that logs must not show
"""

from lumen_notify.settings.environment import variable
from lumen_notify.settings.secret import MIN_SECRET_BYTES, Secret, masked_url
from lumen_notify.settings.settings import Settings

__all__ = ["MIN_SECRET_BYTES", "Secret", "Settings", "masked_url", "variable"]
