"""From a code list in the home to the figures: everything that depends on it is made again, and nothing else."""

from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.reference.rows import shipped
from resources.config.home import Home
from resources.storage.stage_store import StageStore
from tests.support.small_home import ANNA, BRAM, cells, deliver, delivery, figures_home, row, run


def _replace(home: Path, name: str, old: str, new: str) -> None:
    text = shipped(f"{name}.csv").text
    assert old in text
    (home / "reference").mkdir(exist_ok=True)
    (home / "reference" / f"{name}.csv").write_text(text.replace(old, new), encoding="utf-8")


def _runs(home: Path) -> dict[str, str]:
    """The run that made each stage of 2024."""
    return {name: stage.run_id for name, stage in StageStore(Home(home).stages).record(2024).stages.items()}


def _counted(home: Path) -> dict[str, int]:
    """Persons in the country by age class, and by region, in 2024."""
    found = cells(home, 2024)
    ages = {
        category: n for (region, dimension, category), n in found.items() if (region, dimension) == ("NL", "leeftijd")
    }
    return ages | {region: n for (region, dimension, _), n in found.items() if dimension == "totaal"}


def test_figures_follow_the_code_lists_of_the_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = figures_home(tmp_path)
    file = delivery(tmp_path / "a", "DAKL_J2024_a.csv", row(ANNA), row(BRAM, gemeente="0037"))
    assert deliver(home, file, "gemeente-almelo") == 0
    assert run(home, 2024) == 0
    assert _counted(home) == {"40-49": 1, "65+": 1, "CR02": 1, "CR22": 1, "NL": 2}

    before = _runs(home)
    _replace(home, "comparison_bound", "own_year,5,0.15,0", "own_year,6,0.15,0")
    _replace(home, "category", "Noodopvang", "Opvang in nood")
    assert run(home, 2024) == 0
    assert _runs(home) == before

    _replace(home, "age_class", "40-49,40,49,assumption A8\n50-64,50,64", "40-64,40,64")
    labels = "leeftijd,40-49,40 tot en met 49 jaar,true,assumption A8\nleeftijd,50-64,50"
    _replace(home, "category", labels, "leeftijd,40-64,40")
    _replace(home, "gemeente_centrumregio", "0037,Stadskanaal,CR22", "0037,Stadskanaal,CR08")
    assert run(home, 2024) == 0
    assert _counted(home) == {"40-64": 1, "65+": 1, "CR02": 1, "CR08": 1, "NL": 2}
    capsys.readouterr()
    for command in (["figures", "--by=leeftijd"], ["figures", "--history"], ["explain-figure", "--region=NL"]):
        assert main([*command, "--year=2024", "--home", str(home)]) == 0, command
    told = capsys.readouterr().out
    assert "40-64" in told
