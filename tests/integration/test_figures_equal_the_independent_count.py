"""The pipeline, from the command line to the exported tables, against an independent count over the same files."""

import csv
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from tests.oracle.count import Figures, figures
from tests.oracle.population_people import YEARS
from tests.oracle.populations import Population, random_population
from tests.oracle.selection import Event, is_accepted
from tests.support.small_home import keep_no_events

# DAKL_TEST_POPULATIONS=200 counts more populations than usual.
NUMBER_OF_POPULATIONS = int(os.environ.get("DAKL_TEST_POPULATIONS", "6"))
SHOWN_DIFFERENCES = 40
# Zero and no row are equal in coverage; other measures may follow, but these must be present.
MEASURES = {
    "registrations",
    "counting_registrations",
    "registrations_without_identifier",
    "registrations_without_region",
    "persons_v_number_only",
    "persons_not_in_register",
    "persons_in_several_regions",
    "persons_at_several_suppliers",
    "suppliers",
}
Cells = dict[tuple[str, ...], object]


@pytest.mark.parametrize("seed", range(NUMBER_OF_POPULATIONS))
def test_every_cell_equals_the_independent_count(seed: int, tmp_path: Path) -> None:
    population = random_population(seed, tmp_path / "world")
    home = tmp_path / "home"
    assert main(["key", "create", "--home", str(home)]) == 0
    shutil.copytree(population.registers, home / "registers", dirs_exist_ok=True)
    keep_no_events(home)
    # Exact in every other world: rounded down, small worlds would show little.
    base = 1 if seed % 2 else 10
    (home / "settings.toml").write_text(f"supplier_rounding_base = {base}\n")
    for index, event in enumerate(population.events):
        expected = 0 if is_accepted(event) else 1
        assert main([*_command(event), "--home", str(home)]) == expected, f"event {index} of world {seed}: {event}"
    assert main(["run", "--all", "--jobs=1", "--home", str(home)]) == 0

    found = _exported(home, tmp_path)
    right = _counted(population, base)
    assert found.keys() == right.keys()
    problems = [line for table in right for line in _differences(table, right[table], found[table])]
    assert not problems, "\n".join(
        [f"world {seed}: {len(problems)} cells differ (independent count | pipeline)", *problems[:SHOWN_DIFFERENCES]]
    )


def _command(event: Event) -> list[str]:
    late = ["--accept-late", event.accept_late] if event.accept_late else []
    at = event.at.isoformat()
    if event.path is not None:
        return ["deliver", str(event.path), "--supplier", event.supplier_id, "--received-at", at, *late]
    return ["withdraw", "--supplier", event.supplier_id, "--year", str(event.reporting_year), "--at", at, *late]


def _counted(population: Population, base: int) -> dict[str, Cells]:
    years: Mapping[int, Figures] = {year: figures(population.events, population.registers, year) for year in YEARS}
    return {
        "statistics.unique_person_counts": {
            (str(year), *cell): persons for year, f in years.items() for cell, persons in f.counts.items()
        },
        "statistics.coverage": {
            (str(year), *cell): value for year, f in years.items() for cell, value in f.coverage.items()
        },
        "statistics.supplier_overlap": {
            (str(year), *cell): tuple(n // base * base for n in persons)
            for year, f in years.items()
            for cell, persons in f.overlap.items()
        },
        "deliveries.selected": {
            (str(year), supplier): (*_identity(population.events[index]), f.registrations[supplier])
            for year, f in years.items()
            for supplier, index in f.selected.items()
        },
    }


def _identity(event: Event) -> tuple[str, str]:
    assert event.path is not None
    return event.path.name, hashlib.sha256(event.path.read_bytes()).hexdigest()


def _exported(home: Path, folder: Path) -> dict[str, Cells]:
    counts = _export("statistics.unique_person_counts", home, folder)
    coverage = _export("statistics.coverage", home, folder)
    overlap = _export("statistics.supplier_overlap", home, folder)
    selected = _export("deliveries.selected", home, folder)
    return {
        "statistics.unique_person_counts": _cells(
            ((row["year"], row["region_code"], row["dimension"], row["category"]), int(row["persons"]))
            for row in counts
        ),
        "statistics.coverage": _cells(
            ((row["year"], row["region_code"], row["measure"]), int(row["value"]))
            for row in coverage
            if row["measure"] in MEASURES and row["value"] != "0"
        ),
        "statistics.supplier_overlap": _cells(
            (
                (row["year"], row["region_code"], row["supplier_id"]),
                (int(row["persons"]), int(row["persons_only_here"])),
            )
            for row in overlap
        ),
        "deliveries.selected": _cells(
            ((row["year"], row["supplier_id"]), (row["file_name"], row["sha256"], int(row["registrations"])))
            for row in selected
        ),
    }


def _export(table: str, home: Path, folder: Path) -> list[dict[str, str]]:
    target = folder / f"{table}.csv"
    assert main(["export", table, "--out", str(target), "--home", str(home)]) == 0
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _cells(rows: Iterable[tuple[tuple[str, ...], object]]) -> Cells:
    listed = list(rows)
    twice = [key for key, times in Counter(key for key, _ in listed).items() if times > 1]
    assert not twice, f"cells that are there more than once: {twice[:SHOWN_DIFFERENCES]}"
    return dict(listed)


def _differences(table: str, right: Cells, found: Cells) -> list[str]:
    return [
        f"{table}  {' '.join(key)}: {right.get(key, '-')} | {found.get(key, '-')}"
        for key in sorted(right.keys() | found.keys())
        if right.get(key) != found.get(key)
    ]
