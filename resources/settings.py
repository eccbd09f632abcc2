"""Settings of the statistic in a home.

Belongs here: reading them. Does not belong here: their meaning (``reference.Methodology``).
"""

import tomllib
from typing import Any

from pydantic import ValidationError

from dakl_pipeline.errors import Refused
from dakl_pipeline.reference import DeliveryRound, Methodology, default_methodology, delivery_rounds
from resources.home import Home


def load_methodology(home: Home) -> Methodology:
    """Settings of the statistic: those of the package, replaced by those in ``settings.toml`` of the home.

    A table ``[rounds.2026]`` there adds a round, or changes what it names of a round that the package has.

    Raises:
        Refused: If the file of the home is no TOML, or holds a setting that does not exist or cannot be.
    """
    values = default_methodology()
    try:
        if home.settings_file.exists():
            own = tomllib.loads(home.settings_file.read_text(encoding="utf-8"))
            if "rounds" in own:
                own["rounds"] = _rounds(own["rounds"], home)
            values |= own
        return Methodology.model_validate(values)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Refused(f"{home.settings_file} is not readable as TOML: correct or remove it") from None
    except ValidationError as error:
        raise _refused(home, error) from None


def _rounds(own: Any, home: Home) -> tuple[DeliveryRound, ...]:
    rounds = {str(each.round): each for each in delivery_rounds()}
    if not isinstance(own, dict) or not all(isinstance(table, dict) for table in own.values()):
        raise Refused(f"{home.settings_file} holds settings that cannot be: rounds (write a table like [rounds.2026])")
    for name, table in own.items():
        known = rounds[name].model_dump() if name in rounds else {}
        try:
            rounds[name] = DeliveryRound.model_validate({**known, **table, "round": name})
        except ValidationError as error:
            raise _refused(home, error, "rounds", name) from None
    return tuple(rounds.values())


def _refused(home: Home, error: ValidationError, *place: str) -> Refused:
    wrong = []
    for each in error.errors():
        name = ".".join(map(str, (*place, *each["loc"]))) or "the settings together"
        # What a check of this project says is safe to show; other texts may quote what was given.
        wrong.append(f"{name} ({each['ctx']['error']})" if each["type"] == "value_error" else name)
    return Refused(f"{home.settings_file} holds settings that cannot be: {', '.join(wrong)}")
