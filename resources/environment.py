"""What the environment may set beside the home: where the secret key is.

Belongs here: reading environment variables. Does not belong here: settings of the statistic (``settings``) and which
home is meant (``home``), which ``dakl check`` needs without the library that is used here.
"""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(BaseSettings):
    """What the environment may set: ``DAKL_PSEUDONYM_KEY`` and ``DAKL_PSEUDONYM_KEY_FILE``."""

    model_config = SettingsConfigDict(env_prefix="DAKL_", env_ignore_empty=True, hide_input_in_errors=True)

    pseudonym_key: SecretStr | None = None
    pseudonym_key_file: Path | None = None
