"""The settings of the statistic of a home."""

import re
import tomllib
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from dakl_pipeline.errors import Refused
from dakl_pipeline.reference.code_lists import delivery_rounds, use_code_lists
from dakl_pipeline.reference.methodology import Methodology, default_methodology
from dakl_pipeline.reference.rounds import DeliveryRound
from dakl_pipeline.reference.rows import File
from resources.config.home import Home, refuse_link


def load_methodology(home: Home) -> Methodology:
    """Load the settings of the statistic: those of the package, overridden by ``settings.toml`` of the home.

    A table ``[rounds.2026]`` in it adds a round, or overrides the values it names of a round of the package. This also
    puts the code lists of the home into use: those of the package, overridden by the files in ``reference``.

    Raises:
        Refused: If a file is a link; if it is not TOML, or holds an unknown or invalid setting; if a code list is
            invalid, or does not agree with the others.
    """
    refuse_link(home.settings_file)
    use_code_lists(_code_lists(home))
    values = default_methodology()
    try:
        if home.settings_file.exists():
            own = tomllib.loads(home.settings_file.read_text(encoding="utf-8"))
            if "rounds" in own:
                own["rounds"] = _rounds(own["rounds"], home)
            values |= own
        return Methodology.model_validate(values)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The library's own message may quote what was written.
        line = re.search("at line ([0-9]+)", str(error))
        place = f"{home.settings_file}, line {line[1]}," if line else str(home.settings_file)
        raise Refused(f"{place} is not readable as TOML: correct or remove it") from None
    except OSError as error:
        raise Refused(f"{home.settings_file} cannot be read ({error.strerror}): correct or remove it") from None
    except ValidationError as error:
        raise _refused(home, error, Methodology) from None


def _code_lists(home: Home) -> dict[str, File]:
    """The files in ``reference`` of the home, by name, without hidden files."""
    own = {}
    path = home.reference
    try:
        for path in sorted(home.reference.iterdir()) if home.reference.exists() else ():
            if not path.name.startswith("."):
                refuse_link(path)
                # Excel starts a file with a byte order mark.
                own[path.name] = File(str(path), path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise Refused(f"{path} is not readable as UTF-8: save it as such, or remove it") from None
    except OSError as error:
        raise Refused(f"{path} cannot be read ({error.strerror}): correct or remove it") from None
    return own


def _rounds(own: Any, home: Home) -> tuple[DeliveryRound, ...]:
    rounds = {str(each.round): each for each in delivery_rounds()}
    if not isinstance(own, dict) or not all(isinstance(table, dict) for table in own.values()):
        raise Refused(f"{home.settings_file} holds invalid settings: rounds (write a table like [rounds.2026])")
    for name, table in own.items():
        known = rounds[name].model_dump() if name in rounds else {}
        try:
            rounds[name] = DeliveryRound.model_validate({**known, **table, "round": name})
        except ValidationError as error:
            raise _refused(home, error, DeliveryRound, "rounds", name) from None
    return tuple(rounds.values())


def _refused(home: Home, error: ValidationError, model: type[BaseModel], *place: str) -> Refused:
    wrong = {}
    for each in error.errors():
        loc = [str(part) for part in each["loc"] if isinstance(part, str)]
        name = ".".join((*place, *loc)) or "the settings together"
        # Messages of this project's own checks are safe to show; others may quote the value.
        wrong[name] = str(each["ctx"]["error"]) if each["type"] == "value_error" else _what_to_write(loc, each, model)
    texts = "; ".join(f"{name} ({what})" for name, what in wrong.items())
    return Refused(f"{home.settings_file} holds invalid settings: {texts}")


def _what_to_write(loc: list[str], error: Any, model: type[BaseModel]) -> str:
    name = loc[0] if loc else ""
    if name in model.model_fields:
        missing = "it is missing; " if error["type"] == "missing" else ""
        return f"{missing}write {model.model_fields[name].description}"
    if name in Methodology.model_fields:
        return "write it above the first [table]: all lines after a table heading belong to that table"
    close = get_close_matches(name, model.model_fields, n=1)
    return "there is no such setting" + (f"; write {close[0]}" if close else "")
