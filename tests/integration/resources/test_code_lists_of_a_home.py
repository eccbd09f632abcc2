"""Code lists that a home replaces: used, checked, and part of the settings only where figures depend on them."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.contracts.statistics import UNIQUE_PERSON_COUNTS
from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.bounds import bound
from dakl_pipeline.presentation.figures import categories_of
from dakl_pipeline.reference.code_lists import plausible_years, replaced_lists
from dakl_pipeline.reference.municipality import successors
from dakl_pipeline.reference.rows import shipped
from dakl_pipeline.statistics.checks import conforms
from dakl_pipeline.statistics.enrich import age_class_of
from dakl_pipeline.statistics.region import municipality_regions
from resources.config.home import Home
from resources.config.settings import load_methodology
from tests.support.small_home import make_home

AGES = {
    "age_class": ("40-49,40,49,assumption A8\n50-64,50,64", "40-64,40,64"),
    "category": (
        "leeftijd,40-49,40 tot en met 49 jaar,true,assumption A8\nleeftijd,50-64,50 tot en met 64 jaar",
        "leeftijd,40-64,40 tot en met 64 jaar",
    ),
}


def _replace(home: Path, name: str, old: str, new: str) -> None:
    text = shipped(f"{name}.csv").text
    assert old in text
    (home / "reference").mkdir(exist_ok=True)
    (home / "reference" / f"{name}.csv").write_text(text.replace(old, new), encoding="utf-8")


def _ages(home: Path) -> None:
    for name, (old, new) in AGES.items():
        _replace(home, name, old, new)


def _class_of_45() -> str:
    return str(pl.select(age_class_of(pl.lit(45))).item())


def test_age_classes_of_a_home_are_those_of_steps_contracts_and_figures(tmp_path: Path) -> None:
    _ages(tmp_path)
    counts = pl.DataFrame(
        [(2024, "NL", "leeftijd", "40-64", 3)], schema=UNIQUE_PERSON_COUNTS.polars_schema, orient="row"
    )
    assert _class_of_45() == "40-49"
    assert not conforms(UNIQUE_PERSON_COUNTS, counts).passed
    load_methodology(Home(tmp_path))
    assert _class_of_45() == "40-64"
    assert conforms(UNIQUE_PERSON_COUNTS, counts).passed
    assert "40-64" in categories_of("leeftijd")
    load_methodology(Home(tmp_path / "another"))
    assert _class_of_45() == "40-49"


@pytest.mark.parametrize(
    ("name", "old", "new", "seen"),
    [
        (
            "gemeente_centrumregio",
            "0037,Stadskanaal,CR22",
            "0037,Stadskanaal,CR08",
            lambda: (successors("0037", 2024)[0].region_code, municipality_regions(2024).filter(gemeente_code="0037")),
        ),
        (
            "gemeente_herindeling",
            "0429,Obdam,1598,Koggenland",
            "0429,Obdam,0363,Amsterdam",
            lambda: successors("0429", 2024),
        ),
        ("plausible_year", "einddatum,-1,2", "einddatum,-1,3", lambda: plausible_years()["einddatum"].latest),
        (
            "comparison_bound",
            "own_year,5,0.15,0",
            "own_year,6,0.15,0",
            lambda: bound("fewer_registrations", "own_year"),
        ),
    ],
)
def test_every_replaced_list_is_used(name: str, old: str, new: str, seen: Callable[[], object], tmp_path: Path) -> None:
    before = str(seen())
    _replace(tmp_path, name, old, new)
    load_methodology(Home(tmp_path))
    assert str(seen()) != before


@pytest.mark.parametrize(
    ("name", "old", "new", "changed"),
    [
        ("age_class", "", "", set()),
        ("age_class", ",assumption A8\n", ",letter of CBS\n", set()),
        ("category", "Noodopvang", "Opvang in nood", set()),
        ("plausible_year", "einddatum,-1,2", "einddatum,-1,3", set()),
        ("comparison_bound", "own_year,5,0.15,0", "own_year,6,0.15,0", set()),
        ("gemeente_centrumregio", "Stadskanaal,CR22,2022,,32100", "Stadskanaal,CR22,2022,,32200", set()),
        ("gemeente_centrumregio", "0037,Stadskanaal,CR22", "0037,Stadskanaal,CR08", {"code list"}),
        ("gemeente_herindeling", "0429,Obdam,1598,Koggenland", "0429,Obdam,0363,Amsterdam", {"code list"}),
        ("age_class", *AGES["age_class"], {"code list"}),
        ("delivery_round", "2024-05-26", "2024-05-27", {"rounds"}),
    ],
)
def test_the_settings_differ_exactly_when_a_list_has_influence(
    name: str, old: str, new: str, changed: set[str], tmp_path: Path
) -> None:
    before = {**load_methodology(Home(tmp_path)).model_dump(), "code list": replaced_lists()}
    _replace(tmp_path, name, old, new)
    if name == "age_class" and changed:
        _replace(tmp_path, "category", *AGES["category"])
    after = {**load_methodology(Home(tmp_path)).model_dump(), "code list": replaced_lists()}
    assert {setting for setting in before if before[setting] != after[setting]} == changed


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            "age_class.csv",
            shipped("age_class.csv").text.replace("40-49,40,49,assumption A8\n", ""),
            "line 6: the ages 40",
        ),
        ("age_class.csv", "", "line 1: write the columns as category,min_age,max_age,source"),
        ("age_class.csv", "category,min_age,max_age,source\n", "it has no rows"),
        ("age_class.csv", shipped("age_class.csv").text.replace(",", ";"), "line 1: write the columns"),
        ("category.csv", shipped("category.csv").text.replace("herkomst,europa", "herkomst,eu"), "remove the row"),
        ("category.csv", shipped("category.csv").text.replace("geslacht,man,Man,true,assumption A8\n", ""), "geslacht"),
        ("comparison_bound.csv", "rule,against,minimum,share,deviations,source\nbsn_format,itself,5,0,0,x", "missing"),
        ("shelter_type.csv", shipped("shelter_type.csv").text, "cannot be used: only age_class"),
        ("age_classes.csv", shipped("age_class.csv").text, "cannot be used: only age_class"),
        ("age_class", shipped("age_class.csv").text, "cannot be used: only age_class"),
        ("notes.txt", "x", "cannot be used: only age_class"),
        (
            "gemeente_centrumregio.csv",
            "\n".join(x for x in shipped("gemeente_centrumregio.csv").text.splitlines() if not x.startswith("0037,")),
            "municipality 0037 is missing: add its row",
        ),
        (
            "delivery_round.csv",
            shipped("delivery_round.csv").text.replace("2022 2023", "2022;x"),
            "reporting_years is invalid: write a list of different years",
        ),
    ],
)
def test_a_list_that_cannot_be(file: str, text: str, said: str, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.reference.mkdir()
    (home.reference / file).write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as caught:
        load_methodology(home)
    assert said in str(caught.value)
    assert str(home.reference) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert _class_of_45() == "40-49"


@pytest.mark.parametrize("years", ["2022 2023", "[2022, 2023]", "2022,2023"])
def test_years_of_a_round_may_be_written_as_in_the_settings(years: str, tmp_path: Path) -> None:
    _replace(tmp_path, "delivery_round", "2022 2023", f'"{years}"')
    assert {each.round: each.reporting_years for each in load_methodology(Home(tmp_path)).rounds}[2024] == (2022, 2023)


def test_what_is_wrong_in_the_list_of_a_home_is_told_before_what_follows_from_it(tmp_path: Path) -> None:
    _replace(tmp_path, "gemeente_centrumregio", "0014,Groningen,CR22", "0014,Groningen,CR99")
    with pytest.raises(Refused) as caught:
        load_methodology(Home(tmp_path))
    assert str(caught.value).startswith(
        f"{tmp_path}/reference/gemeente_centrumregio.csv, line 2: region_code is not in"
    )


def test_a_list_that_is_no_text(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.reference.mkdir()
    (home.reference / "age_class.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused, match=r"age_class\.csv is not readable as UTF-8"):
        load_methodology(home)


def test_a_byte_order_mark_and_hidden_files_do_not_matter(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.reference.mkdir()
    (home.reference / "age_class.csv").write_text("\ufeff" + shipped("age_class.csv").text, encoding="utf-8")
    (home.reference / ".age_class.csv.swp").write_bytes(b"\xff")
    load_methodology(home)
    assert replaced_lists() == {}


def test_commands_and_the_doctor_tell_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path)
    _replace(home, "age_class", "40-49,40,49,assumption A8\n", "")
    place = f"{home}/reference/age_class.csv, line 6: the ages 40 to 49 are in no class"
    for command in (["run", "--all"], ["figures", "--year", "2024"], ["deliveries"]):
        assert main([*command, "--home", str(home)]) == 1, command
        assert place in capsys.readouterr().err, command
    assert main(["doctor", "--home", str(home)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert any(line.startswith("fault") and "settings " in line and place in line for line in told)


def test_a_year_without_municipalities_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("reporting_years = [2021, 2024]\n")
    with pytest.raises(Refused, match=r"gemeente_centrumregio\.csv has no municipality in 2021"):
        load_methodology(Home(tmp_path))


def test_a_year_without_a_round_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("reporting_years = [2024, 2025]\n")
    with pytest.raises(Refused, match=r"2025 of reporting_years is in no round: add the round"):
        load_methodology(Home(tmp_path))


def test_code_lists_are_no_setting(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[code_lists]\nage_class = 'x'\n")
    with pytest.raises(Refused, match="code_lists"):
        load_methodology(Home(tmp_path))
