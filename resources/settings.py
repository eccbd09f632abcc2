"""Settings from the environment and from the home.

Belongs here: reading them. Does not belong here: their meaning (``reference.Methodology``).
"""

import tomllib
from pathlib import Path

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from dakl_pipeline.errors import Refused
from dakl_pipeline.reference import Methodology, default_methodology
from resources.home import Home


class Environment(BaseSettings):
    """What the environment may set: ``DAKL_HOME``, ``DAKL_PSEUDONYM_KEY`` and ``DAKL_PSEUDONYM_KEY_FILE``."""

    model_config = SettingsConfigDict(env_prefix="DAKL_", env_ignore_empty=True, hide_input_in_errors=True)

    home: Path = Path("dakl_home")
    pseudonym_key: SecretStr | None = None
    pseudonym_key_file: Path | None = None


def load_methodology(home: Home) -> Methodology:
    """Settings of the statistic: those of the package, replaced by those in ``settings.toml`` of the home.

    Raises:
        Refused: If the file of the home is no TOML, or holds a setting that does not exist or cannot be.
    """
    values = default_methodology()
    try:
        if home.settings_file.exists():
            values |= tomllib.loads(home.settings_file.read_text(encoding="utf-8"))
        return Methodology.model_validate(values)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Refused(f"{home.settings_file} is not readable as TOML: correct or remove it") from None
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, e["loc"])) or "the settings together" for e in error.errors())
        raise Refused(f"{home.settings_file} holds settings that cannot be: {wrong}") from None
