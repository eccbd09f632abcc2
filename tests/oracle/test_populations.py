"""The random populations: every fault is a fault, and every wrong rule shows in the figures."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.oracle import count, selection
from tests.oracle.count import Figures, Person, Registers, figures
from tests.oracle.delivered_file import METHODOLOGY, Row, read_delivered_file, reference_rows
from tests.oracle.population_people import YEARS
from tests.oracle.populations import Population, random_population
from tests.oracle.selection import Event, is_accepted, round_rank, select, year_of

POPULATIONS = 12  # the populations that the comparison with the pipeline counts by default


@pytest.fixture(scope="module")
def populations(tmp_path_factory: pytest.TempPathFactory) -> list[Population]:
    return [random_population(seed, tmp_path_factory.mktemp(f"world{seed}")) for seed in range(POPULATIONS)]


@pytest.fixture(scope="module")
def right_figures(populations: list[Population]) -> list[list[Figures]]:
    return [[figures(population.events, population.registers, year) for year in YEARS] for population in populations]


def test_a_file_is_rejected_exactly_when_a_fault_was_put_in(populations: list[Population]) -> None:
    for seed, population in enumerate(populations):
        rejected = {i for i, e in enumerate(population.events) if e.path and read_delivered_file(e.path) is None}
        assert rejected == population.faulty, f"world {seed}"


def test_the_same_seed_gives_the_same_world(tmp_path: Path) -> None:
    tops = [tmp_path / name for name in ("one", "two")]
    one, two = (random_population(5, top) for top in tops)
    contents = [{path.relative_to(top): path.read_bytes() for path in top.rglob("*") if path.is_file()} for top in tops]
    assert contents[0] == contents[1]
    assert [replace(e, path=None) for e in one.events] == [replace(e, path=None) for e in two.events]


def test_the_count_imports_nothing_of_the_pipeline() -> None:
    imported: set[str] = set()
    for path in Path(__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
    assert "tests" in imported
    assert not imported & {"", "dakl_pipeline", "assets", "resources", "polars", "duckdb", "dataframely"}


# --- wrong rules: each must give other figures in at least one population -------------------------------------------

Patch = Callable[[pytest.MonkeyPatch], None]
MISTAKES: dict[str, Patch] = {}


def mistake(name: str) -> Callable[[Patch], Patch]:
    """Register a function that puts a mistake into the count."""

    def note(patch: Patch) -> Patch:
        MISTAKES[name] = patch
        return patch

    return note


def _reference(
    patch: pytest.MonkeyPatch, file: str, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]
) -> None:
    """Make the count read other rows from a reference file."""
    patch.setattr(
        count, "reference_rows", lambda name: change(reference_rows(name)) if name == file else reference_rows(name)
    )


def _stays_with(patch: pytest.MonkeyPatch, change: Callable[[Row], Row]) -> None:
    """Evaluate another stay than the one delivered."""
    right = count.stay_counts
    patch.setattr(count, "stay_counts", lambda row, *rest: right(change(row), *rest))


def _identity_with(
    patch: pytest.MonkeyPatch, change: Callable[[Row, dict[str, str]], tuple[Row, dict[str, str]]]
) -> None:
    right = count.identify
    patch.setattr(count, "identify", lambda row, links: right(*change(row, links)))


def _selected_among(patch: pytest.MonkeyPatch, choose: Callable[[list[tuple[int, Event]], Event], int]) -> None:
    """Select another approved delivery of a supplier than the right one."""

    def wrong(events: Sequence[Event], year: int) -> dict[str, int]:
        found = {}
        for supplier, index in select(events, year).items():
            own = [(i, e) for i, e in enumerate(events) if e.kind == "deliver" and e.supplier_id == supplier]
            found[supplier] = choose([(i, e) for i, e in own if year_of(e) == year and is_accepted(e)], events[index])
        return found

    patch.setattr(count, "select", wrong)


@mistake("000000000 is a BSN")
def _zeros(patch: pytest.MonkeyPatch) -> None:
    right = count.is_usable_bsn
    patch.setattr(count, "is_usable_bsn", lambda bsn: bsn == "000000000" or right(bsn))


@mistake("no eleven test")
def _no_eleven_test(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(count, "is_usable_bsn", lambda bsn: bsn not in ("", "999999999", "000000000"))


@mistake("a lost zero is a failing BSN")
def _lost_zero(patch: pytest.MonkeyPatch) -> None:
    right = count.is_usable_bsn
    patch.setattr(count, "is_usable_bsn", lambda bsn: bsn[:1] != "0" and right(bsn))


@mistake("no link of V-numbers")
def _no_link(patch: pytest.MonkeyPatch) -> None:
    _identity_with(patch, lambda row, links: (row, {}))


@mistake("the V-number wins")
def _v_number_wins(patch: pytest.MonkeyPatch) -> None:
    _identity_with(patch, lambda row, links: (replace(row, bsn="") if row.v_number in links else row, links))


@mistake("a V-number counts as a person")
def _v_number_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(count, "Person", lambda kind, number: Person("bsn", number))


@mistake("no mergers")
def _no_mergers(patch: pytest.MonkeyPatch) -> None:
    _reference(patch, "gemeente_herindeling.csv", lambda rows: [])


@mistake("the first successor of a divided municipality")
def _first_successor(patch: pytest.MonkeyPatch) -> None:
    _reference(patch, "gemeente_herindeling.csv", lambda rows: list({r["old_code"]: r for r in rows}.values()))


@mistake("the municipal division of all years")
def _any_division(patch: pytest.MonkeyPatch) -> None:
    always = {"valid_from_year": "0", "valid_to_year": ""}
    _reference(patch, "gemeente_centrumregio.csv", lambda rows: [{**row, **always} for row in rows])


@mistake("winteropvang counts")
def _winter(patch: pytest.MonkeyPatch) -> None:
    _reference(patch, "shelter_type.csv", lambda rows: [{**row, "is_published": "true"} for row in rows])


@mistake("a start on 31 December is too late")
def _start_on_the_last_day(patch: pytest.MonkeyPatch) -> None:
    _stays_with(patch, lambda row: replace(row, start=row.start + timedelta(row.start.day == 31)))


@mistake("a start on 1 January after is in time")
def _start_on_new_years_day(patch: pytest.MonkeyPatch) -> None:
    _stays_with(patch, lambda row: replace(row, start=row.start - timedelta(row.start.timetuple().tm_yday == 1)))


@mistake("an end on 1 January is too early")
def _end_on_new_years_day(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(count, "date", lambda year, month, day: date(year, month, day) + timedelta(month == 1))


@mistake("an end on 31 December before is in time")
def _end_on_the_last_day(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(count, "date", lambda year, month, day: date(year, month, day) - timedelta(month == 1))


@mistake("an end before the start is no matter")
def _end_before_start(patch: pytest.MonkeyPatch) -> None:
    _stays_with(patch, lambda row: replace(row, start=min(row.start, row.end or row.start)))


@mistake("without an end date nothing counts")
def _open_end(patch: pytest.MonkeyPatch) -> None:
    _stays_with(patch, lambda row: replace(row, end=row.end or row.start - timedelta(1)))


@mistake("age on 1 January")
def _age_on_1_january(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        count, "age_on_31_december", lambda birth, year: max(0, year - birth.year - (birth > date(birth.year, 1, 1)))
    )


@mistake("minors count in every year")
def _minors(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(count, "METHODOLOGY", {**METHODOLOGY, "adults_only_until_year": 2021})


@mistake("minors never count")
def _no_minors(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(count, "METHODOLOGY", {**METHODOLOGY, "adults_only_until_year": 2099})


@mistake("the registers of another year")
def _another_year(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(count, "Registers", lambda folder: Registers(folder.with_name("2023")))


@mistake("income and care of people who are not in the person register")
def _income_of_strangers(patch: pytest.MonkeyPatch) -> None:
    def wrong(folder: Path) -> Registers:
        found = Registers(folder)
        nothing = {"birth_date": None, "sex": None, "origin": None}
        found.persons = dict.fromkeys({*found.income, *found.care}, nothing) | found.persons
        return found

    patch.setattr(count, "Registers", wrong)


@mistake("late files are on time")
def _no_windows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selection, "in_window", lambda kind, year, at: True)


@mistake("nobody may be late")
def _never_late(patch: pytest.MonkeyPatch) -> None:
    right = selection.is_accepted
    patch.setattr(selection, "is_accepted", lambda event: right(replace(event, accept_late=None)))


@mistake("corrections do nothing")
def _first_file(patch: pytest.MonkeyPatch) -> None:
    _selected_among(patch, lambda approved, right: approved[0][0])


@mistake("a rejected later file pushes out the approved one")
def _rejected_pushes_out(patch: pytest.MonkeyPatch) -> None:
    def wrong(events: Sequence[Event], year: int) -> dict[str, int]:
        right = select(events, year)
        rejected = [e for e in events if e.kind == "deliver" and year_of(e) == year and not is_accepted(e)]
        return {
            supplier: index
            for supplier, index in right.items()
            if not any(e.supplier_id == supplier and e.at > events[index].at for e in rejected)
        }

    patch.setattr(count, "select", wrong)


@mistake("the last one logged")
def _last_logged(patch: pytest.MonkeyPatch) -> None:
    def choose(approved: list[tuple[int, Event]], right: Event) -> int:
        year = year_of(right)
        assert year is not None
        return max(i for i, e in approved if round_rank(year, e.at) == round_rank(year, right.at))

    _selected_among(patch, choose)


@mistake("the first one logged of the same instant")
def _first_of_an_instant(patch: pytest.MonkeyPatch) -> None:
    _selected_among(patch, lambda approved, right: min(i for i, e in approved if e.at == right.at))


@mistake("withdrawals do nothing")
def _no_withdrawal(patch: pytest.MonkeyPatch) -> None:
    right = selection.is_accepted
    patch.setattr(selection, "is_accepted", lambda event: event.kind == "deliver" and right(event))


@mistake("a withdrawal is for ever")
def _withdrawn_for_ever(patch: pytest.MonkeyPatch) -> None:
    right = selection.round_rank
    patch.setattr(selection, "round_rank", lambda year, at: min(right(year, at), 0))


@mistake("a withdrawal ends with the next file")
def _withdrawn_until_the_next_file(patch: pytest.MonkeyPatch) -> None:
    def wrong(events: Sequence[Event], year: int) -> dict[str, int]:
        found: dict[str, int] = {}
        accepted = [(i, e) for i, e in enumerate(events) if year_of(e) == year and is_accepted(e)]
        for index, event in sorted(accepted, key=lambda step: (step[1].at, step[0])):
            found.pop(event.supplier_id, None)
            if event.kind == "deliver":
                found[event.supplier_id] = index
        return found

    patch.setattr(count, "select", wrong)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_rule_told_wrongly_would_show(
    name: str, populations: list[Population], right_figures: list[list[Figures]], monkeypatch: pytest.MonkeyPatch
) -> None:
    MISTAKES[name](monkeypatch)
    assert any(
        count.figures(population.events, population.registers, year) != right
        for population, years in zip(populations, right_figures, strict=True)
        for year, right in zip(YEARS, years, strict=True)
    )
