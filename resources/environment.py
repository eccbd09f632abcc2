"""What the environment may set beside the home: where the secret key is, and how often a failed run is tried again.

Belongs here: reading environment variables. Does not belong here: settings of the statistic (``settings``) and which
home is meant (``home``), which ``dakl check`` needs without the library that is used here.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from dakl_pipeline.operation.reruns import DEFAULT_PAUSES


class Environment(BaseSettings):
    """What the environment may set: ``DAKL_PSEUDONYM_KEY`` and so on.

    Attributes:
        pseudonym_key: The secret key itself.
        pseudonym_key_file: The file with the secret key.
        rerun_interval: Seconds between two looks of the sensor that counts years again.
        rerun_pauses: Seconds before each further attempt after a failed run of the sensor, as ``[300, 900]``.
    """

    model_config = SettingsConfigDict(env_prefix="DAKL_", env_ignore_empty=True, hide_input_in_errors=True)

    pseudonym_key: SecretStr | None = None
    pseudonym_key_file: Path | None = None
    rerun_interval: int = Field(default=30, ge=1)
    rerun_pauses: tuple[Annotated[float, Field(ge=0)], ...] = DEFAULT_PAUSES
