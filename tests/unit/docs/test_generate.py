"""The documentation: generated pages are up to date, and no page shows a number that could be a person's."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from dakl_pipeline.contracts import TABLES
from dakl_pipeline.intake.catalogue import catalogue
from dakl_pipeline.privacy.redaction import mask_numbers
from dakl_pipeline.reference.assumption import Assumption
from dakl_pipeline.reference.code_lists import assumptions
from tests.support.paths import ROOT

PAGES = ("assumptions.md", "code-lists.md", "data-dictionary.md", "rules.md")
# Values that the documentation must name: two placeholder numbers, and a date with day and month swapped.
NOBODY = re.compile("999999999|000000000|2024-31-12")
PLACE = re.compile(r"([\w/.]+) \(([^()]+)\)")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_in_the_project_are_up_to_date(generate: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().err
    assert sorted(generate.pages()) == sorted(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_changed_page_is_named_and_left_alone(
    generate: ModuleType, page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate.main(["--folder", str(tmp_path)])
    before = (tmp_path / page).read_bytes()
    changed = before.replace(b"a", b"b", 1)
    (tmp_path / page).write_bytes(changed)
    capsys.readouterr()

    assert generate.main(["--check", "--folder", str(tmp_path)]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert page in errors[0]
    assert (tmp_path / page).read_bytes() == changed

    assert generate.main(["--folder", str(tmp_path)]) == 0
    assert (tmp_path / page).read_bytes() == before


def test_every_missing_page_is_named(generate: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check", "--folder", str(tmp_path)]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert [sum(page in line for line in errors) for page in PAGES] == [1, 1, 1, 1]
    assert list(tmp_path.iterdir()) == []


def test_the_pages_hold_every_table_column_rule_and_assumption(generate: ModuleType) -> None:
    pages = generate.pages()
    for table in TABLES.values():
        section = pages["data-dictionary.md"].partition(f"### {table.name}\n")[2].partition("\n###")[0]
        assert all(f"| `{column}` |" in section for column in table.columns), table.name
    for rule in catalogue().rule:
        assert f"### {rule.id}\n" in pages["rules.md"]
    for assumption in assumptions():
        assert f"</a>{assumption.id} |" in pages["assumptions.md"]


@pytest.mark.parametrize("path", [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "CHANGELOG.md"], ids=lambda p: p.name)
def test_no_page_shows_something_like_a_number_of_a_person_or_a_pseudonym(path: Path) -> None:
    # The cells of a table are not one number.
    text = NOBODY.sub("", path.read_text(encoding="utf-8")).replace("|", "x")
    assert mask_numbers(text) == text


@pytest.mark.parametrize("path", [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "CHANGELOG.md"], ids=lambda p: p.name)
def test_every_link_within_the_documentation_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert "://" in target or (path.parent / target).exists(), target


def test_the_assumptions_have_distinct_ids_without_gaps() -> None:
    ids = [assumption.id for assumption in assumptions()]
    decisions = [each for each in ids if each.startswith("D")]
    assert ids[:9] == [f"A{number}" for number in range(1, 10)]
    assert decisions == ids[9:] == [f"D{number}" for number in range(1, len(decisions) + 1)]


@pytest.mark.parametrize("assumption", assumptions(), ids=lambda a: a.id)
def test_an_assumption_lives_where_it_says(assumption: Assumption) -> None:
    for place in assumption.where.split("; "):
        match = PLACE.fullmatch(place)
        assert match is not None, place
        text = (ROOT / match[1]).read_text(encoding="utf-8")
        assert [name for name in match[2].split(", ") if name not in text] == []


def test_every_assumption_that_the_project_names_is_on_the_page() -> None:
    named = set()
    for room in ("dakl_pipeline", "assets", "resources"):
        for path in (ROOT / room).rglob("*.*"):
            if path.suffix in {".py", ".csv", ".toml"} and path.name != "assumption.csv":
                named |= set(re.findall(r"\b[Aa]ssumption (A[0-9]+)|\((A[0-9]+)\)", path.read_text(encoding="utf-8")))
    found = {one or other for one, other in named}
    assert found
    assert found <= {assumption.id for assumption in assumptions()}
