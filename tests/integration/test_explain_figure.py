"""``dakl explain-figure`` and ``dakl figures --history``: one figure back to its files, and the chain adds up."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dakl_pipeline.cli import main
from tests.support.keys import OTHER_KEY
from tests.support.small_home import (
    ANNA,
    BRAM,
    CEES,
    DORA,
    V_LOOSE,
    cells,
    coverage,
    deliver,
    delivery,
    figures_home,
    row,
    run,
)

FOLLOWING = ("pseudonymised_stays", "enriched_stays", "regional_stays", "stay_eligibility", "unique_persons")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three vintages of 2024: a first count, a corrected file of Almelo, and a changed register of persons."""
    folder = tmp_path_factory.mktemp("explained")
    home = figures_home(folder)
    almelo = delivery(folder / "a", "DAKL_J2024_a.csv", row(ANNA), row(BRAM), row(BRAM, kind="0204"), row(""))
    twente = delivery(
        folder / "a", "DAKL_J2024_t.csv", row(ANNA), row(DORA, gemeente="0363"), row("", v_number=V_LOOSE)
    )
    assert deliver(home, almelo, "gemeente-almelo") == 0
    assert deliver(home, twente, "mo-twente") == 0
    assert run(home, 2024) == 0
    corrected = delivery(folder / "b", "DAKL_J2024_b.csv", row(ANNA), row(CEES), row(DORA), row(ANNA, gemeente="9999"))
    assert deliver(home, corrected, "gemeente-almelo", at="2025-05-02T12:00") == 0
    assert run(home, 2024) == 0
    persons = home / "registers" / "2024" / "persons.parquet"
    pl.read_parquet(persons).with_columns(sex=pl.lit("vrouw")).write_parquet(persons)
    assert run(home, 2024) == 0
    return home


def _explained(home: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert main(["explain-figure", "--year", "2024", "--json", "--home", str(home), *arguments]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("region", ["Almelo", "cr05", "nl", "CR44"])
@pytest.mark.parametrize("vintage", ["1", "2", "3"])
def test_the_chain_adds_up(region: str, vintage: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = _explained(home, capsys, "--region", region, "--vintage", vintage)
    stages = {stage["stage"]: stage for stage in made["stages"]}
    delivered = sum(used["registrations"] for used in made["deliveries"])
    assert [stages[name]["rows_in"] for name in FOLLOWING] == [delivered] * len(FOLLOWING)
    assert [stages[name]["rows_out"] for name in FOLLOWING[:-1]] == [delivered] * (len(FOLLOWING) - 1)
    assert stages["unique_person_counts"]["rows_in"] == stages["unique_persons"]["rows_out"]
    selection = stages["selected_deliveries"]
    assert selection["rows_in"] - sum(selection["excluded"].values()) == selection["rows_out"] == 2
    assert stages["unique_persons"]["excluded"] == {
        "stays that do not count": sum(stages["stay_eligibility"]["excluded"].values())
    }
    here = made["in_region"]
    assert here["registrations"] - sum(here["excluded"].values()) == here["counting_registrations"]
    assert here["persons"] + here["persons_v_number_only"] <= here["counting_registrations"]
    assert here["persons"] == made["persons"]
    if made["cell"]["region_code"] == "NL":
        assert here["registrations"] == delivered
        assert here["excluded"] == stages["stay_eligibility"]["excluded"]
    if change := made["change"]:
        assert change["persons_added"] - change["persons_removed"] == change["persons_after"] - change["persons_before"]
        assert change["persons_after"] == made["persons"]
    else:
        assert vintage == "1"


def test_the_number_and_what_it_rests_on_are_those_of_the_tables(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts, measured = cells(home, 2024), coverage(home, 2024)
    for region in ("CR02", "CR05", "NL"):
        made = _explained(home, capsys, "--region", region)
        assert made["persons"] == counts[region, "totaal", "totaal"]
        assert made["in_region"]["registrations"] == measured[region, "registrations"]
        assert made["in_region"]["persons_v_number_only"] == measured[region, "persons_v_number_only"]
    women = _explained(home, capsys, "--region", "NL", "--by", "geslacht", "--category", "vrouw")
    assert women["persons"] == counts["NL", "geslacht", "vrouw"] == 3
    assert _explained(home, capsys, "--region", "NL", "--by", "geslacht", "--category", "man")["persons"] == 0


def test_files_and_registers_are_named_with_their_digests(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = _explained(home, capsys, "--region", "Almelo")
    stored = {path.name: sha256(path.read_bytes()).hexdigest() for path in (home / "deliveries").glob("*/*.csv")}
    used = [(d["supplier_id"], d["file_name"], d["persons"], d["persons_only_here"]) for d in made["deliveries"]]
    assert used == [("gemeente-almelo", "DAKL_J2024_b.csv", 0, 0), ("mo-twente", "DAKL_J2024_t.csv", 0, 0)]
    assert all(d["sha256"] == stored[d["file_name"]] for d in made["deliveries"])
    assert made["deliveries"][0]["received_at"] == "2025-05-02T10:00:00Z"
    folder = home / "registers" / "2024"
    assert {r["name"]: r["sha256"] for r in made["registers"]} == {
        path.stem: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
    }
    assert {"git", "rule catalogue", "contracts", "reference data", "polars"} <= made["versions"].keys()
    assert made["run_id"] == made["stages"][-1]["run_id"]


def test_why_did_the_number_of_almelo_change(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change = _explained(home, capsys, "--region", "Almelo", "--vintage", "2")["change"]
    assert (change["persons_before"], change["persons_after"]) == (2, 3)
    assert (change["persons_added"], change["persons_removed"]) == (2, 1)
    assert change["suppliers"] == [
        {
            "supplier_id": "gemeente-almelo",
            "file_before": "DAKL_J2024_a.csv (000001)",
            "file_after": "DAKL_J2024_b.csv (000003)",
            "persons_added": 2,
            "persons_removed": 1,
        }
    ]
    assert change["other"] == []
    register = _explained(home, capsys, "--region", "Almelo")
    assert register["change"]["suppliers"] == []
    assert register["change"]["other"] == ["register persons"]
    assert register["reason"] == "register persons changed"


def test_on_the_terminal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["explain-figure", "--year", "2024", "--region", "Almelo", "--vintage", "2", "--home", str(home)]) == 0
    shown = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert lines[0] == "Almelo (CR02), 2024, unique persons: 3"
    assert lines[1].startswith("Vintage 2 of 3, counted at ")
    assert "eligible registrations 5" in lines
    assert "unique persons: 2 → 3 (+1)" in lines
    assert "Persons in the region, all categories: 2 added, 1 removed." in lines
    assert "gemeente-almelo DAKL_J2024_a.csv (000001) DAKL_J2024_b.csv (000003) 2 1" in lines
    assert "internal use only" in lines[-1]


def test_the_number_after_each_count(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def history(*arguments: str) -> list[list[str]]:
        capsys.readouterr()
        assert main(["figures", "--year", "2024", "--history", "--home", str(home), *arguments]) == 0
        _, _, *rows, note = capsys.readouterr().out.splitlines()
        assert "internal use only" in note
        # The time of counting takes two words.
        return [[words[0], *words[3:]] for words in (line.split() for line in rows)]

    almelo = history("--region", "Almelo")
    assert [words[:2] for words in almelo] == [["1", "2"], ["2", "3"], ["3", "3"]]
    assert " ".join(almelo[1][2:]) == "gemeente-almelo: DAKL_J2024_a.csv (000001) → DAKL_J2024_b.csv (000003)"
    # The country without --region; columns are the categories that occur: man, vrouw.
    assert [words[1:3] for words in history("--by", "geslacht")] == [["1", "2"], ["1", "2"], ["0", "3"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--region", "Nowhere"], "no such region"),
        (["--region", "NL", "--by", "colour", "--category", "red"], "no such dimension"),
        (["--region", "NL", "--by", "geslacht"], "man, vrouw"),
        (["--region", "NL", "--by", "geslacht", "--category", "red"], "man, vrouw"),
        (["--region", "NL", "--category", "man"], "totaal"),
        (["--region", "NL", "--vintage", "4"], "1, 2, 3"),
        (["--region", "NL", "--vintage", "0"], "1, 2, 3"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_not_there_is_wrong_usage(
    arguments: list[str], said: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["explain-figure", "--year", "2024", "--home", str(home), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_with_another_key_nobody_came_or_went(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = figures_home(tmp_path)
    assert deliver(other, delivery(tmp_path, "DAKL_J2024_a.csv", row(ANNA)), "mo-a") == 0
    assert run(other, 2024) == 0
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY", OTHER_KEY)
    assert run(other, 2024) == 0
    change = _explained(other, capsys, "--region", "NL")["change"]
    assert (change["persons_added"], change["persons_removed"], change["other"]) == (None, None, ["key"])
    capsys.readouterr()
    assert main(["explain-figure", "--year", "2024", "--region", "NL", "--home", str(other)]) == 0
    assert "Persons added and removed are unknown" in capsys.readouterr().out
