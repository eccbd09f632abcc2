"""Rounds in the settings file of a home: added, changed, or refused with the reason."""

from datetime import date
from pathlib import Path

import pytest

from dakl_pipeline.errors import Refused
from dakl_pipeline.reference.code_lists import delivery_rounds
from resources.config.home import Home
from resources.config.settings import load_methodology
from tests.support.rounds import round_of_2026

NEW = round_of_2026(2024, 2025)


def _home(folder: Path, text: str) -> Home:
    (folder / "settings.toml").write_text(text)
    return Home(folder)


def test_a_round_is_added(tmp_path: Path) -> None:
    methodology = load_methodology(_home(tmp_path, f"reporting_years = [2022, 2023, 2024, 2025]\n{NEW}"))
    assert methodology.reporting_years == (2022, 2023, 2024, 2025)
    assert methodology.rounds[:-1] == delivery_rounds()
    assert methodology.rounds[-1].last_delivery_date == date(2026, 6, 1)


def test_a_round_is_changed_only_in_what_is_named(tmp_path: Path) -> None:
    changed = load_methodology(_home(tmp_path, "[rounds.2025]\nextension_end = 2025-06-25\n")).rounds[-1]
    assert changed == delivery_rounds()[-1].model_copy(update={"extension_end": date(2025, 6, 25)})


def test_an_extension_is_taken_back(tmp_path: Path) -> None:
    changed = load_methodology(_home(tmp_path, '[rounds.2024]\nextension_end = ""\n')).rounds[0]
    assert changed.last_delivery_date == date(2024, 5, 26)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rounds = 3", "rounds"),
        ("[rounds]\nextension_end = 2025-06-25", "rounds"),
        ("[rounds.next]\nround = 1", r"rounds\.next\.round"),
        ("[rounds.2025]\nextension_end = 2025-06-01", r"rounds\.2025 \(delivery_start, delivery_end and extension_end"),
        ("[rounds.2025]\ndeliver_end = 2025-06-01", r"rounds\.2025\.deliver_end"),
        ("[rounds.2025]\ndelivery_end = 'soon'", r"rounds\.2025\.delivery_end"),
        (NEW.replace("source", "by"), r"rounds\.2026\.source"),
        (NEW.replace("2026]", "02025]"), "each round once"),
    ],
)
def test_rounds_that_cannot_be(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=said):
        load_methodology(_home(tmp_path, text))
