"""Environment variables: where the secret key is, how often a failed run is retried, and the addresses of the UI.

``DAKL_HOME`` is read in ``home``, because ``dakl check`` needs it without loading pydantic-settings.
"""

import json
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.operation.reruns import DEFAULT_RETRY_DELAYS

PREFIX = "DAKL_"
_Settings = TypeVar("_Settings", bound=BaseSettings)


def _decoded(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        raise ValueError("write a list of seconds, such as [300, 900]") from None


RetryDelays = Annotated[
    tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...],
    NoDecode,
    BeforeValidator(_decoded),
    Field(description="a list of seconds, such as [300, 900]"),
]


def _split(value: object) -> object:
    """The addresses as browsers write them: in small letters, without the port that a scheme has anyway."""
    if not isinstance(value, str):
        return value
    parts = [part.strip().lower() for part in value.split(",") if part.strip()]
    usual = {"https": ":443", "http": ":80"}
    return tuple(part.removesuffix(usual.get(part.partition(":")[0], "")) for part in parts)


UiAddresses = Annotated[
    tuple[Annotated[str, Field(pattern=r"\Ahttps?://[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?\z")], ...],
    NoDecode,
    BeforeValidator(_split),
    Field(description="addresses without a path, separated by commas, such as https://dakl.internal"),
]


class Environment(BaseSettings):
    """Settings from the environment: ``DAKL_PSEUDONYM_KEY`` and so on.

    Attributes:
        pseudonym_key: The secret key itself.
        pseudonym_key_file: The file with the secret key.
        backup_recipients: Public keys of age of those who can decrypt a backup, separated by commas or spaces.
        rerun_interval: Seconds between two checks of the sensor that counts years again.
        rerun_retry_delays: Seconds before each further attempt after a failed run of the sensor, as ``[300, 900]``.
        ui_address: Addresses under which browsers reach the Dagster UI, besides that of this machine.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, hide_input_in_errors=True)

    pseudonym_key: SecretStr | None = None
    pseudonym_key_file: Path | None = None
    backup_recipients: str = ""
    rerun_interval: int = Field(default=30, ge=1, description="a whole number of seconds, such as 30")
    rerun_retry_delays: RetryDelays = DEFAULT_RETRY_DELAYS
    ui_address: UiAddresses = ()


class DeliveryLimits(BaseSettings):
    """Limits of a delivered file: ``DAKL_DELIVERY_LIMIT`` and ``DAKL_DELIVERY_TIMEOUT``.

    Attributes:
        delivery_limit: Its size in bytes. What is larger is refused before anything is kept; the default holds some
            four million registrations, more than all of the country in a year.
        delivery_timeout: Seconds that reading it may take.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, hide_input_in_errors=True)

    delivery_limit: int = Field(default=256_000_000, ge=1, description="a number of bytes, such as 256000000")
    delivery_timeout: float = Field(
        default=600, gt=0, allow_inf_nan=False, description="a number of seconds, such as 600"
    )


def load_environment() -> Environment:
    """Read the settings of the key, the sensor and the UI.

    Raises:
        WrongUsage: If one of them is invalid.
    """
    return read_variables(Environment)


def read_variables(settings: type[_Settings]) -> _Settings:
    """Read a group of settings from the environment.

    Args:
        settings: The group.

    Raises:
        WrongUsage: If one of them is invalid; names the variables and what to write, never their values.
    """
    try:
        return settings()
    except ValidationError as error:
        wrong = {}
        for each in error.errors():
            field = str(each["loc"][0]) if each["loc"] else ""
            name = f"{PREFIX}{field.upper()}" if field else "the variables together"
            known = settings.model_fields.get(field)
            what = f"write {known.description}" if known and known.description else "it has the wrong type"
            wrong[name] = str(each["ctx"]["error"]) if each["type"] == "value_error" else what
        texts = "; ".join(f"{name} ({what})" for name, what in wrong.items())
        raise WrongUsage(f"the environment holds invalid settings: {texts}") from None
