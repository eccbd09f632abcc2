"""What an insider learns from the warehouse and the tables between the stages, with one supplier's own file in hand."""

from collections.abc import Iterator
from datetime import date

import duckdb
import polars as pl

from tests.attacks.attack import ANNA, BRAM, CEES, DORA, Attacks, Target, row

ATTACKS = Attacks()
_BIRTH_DATES = {date(1980, 5, 5), date(1955, 1, 1), date(2007, 6, 1), date(2006, 12, 31)}


def _counted(target: Target) -> None:
    """A year with two suppliers, who have one person in common."""
    target.make_home()
    own = target.file("DAKL_J2024_a.csv", row(ANNA), row(BRAM, start="2024-05-06", end="2024-05-09"), row(CEES))
    target.deliver(own)
    target.deliver(target.file("DAKL_J2024_b.csv", row(ANNA, start="2024-08-01", end=""), row(DORA)), "mo-twente")
    said = target.run("run", "--year", "2024")
    assert said.returncode == 0, said.stderr


def _in_warehouse(target: Target) -> Iterator[tuple[str, pl.DataFrame]]:
    with duckdb.connect(str(target.home / "warehouse.duckdb"), read_only=True) as connection:
        names = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        for (name,) in names:
            yield name, connection.sql(f"select * from {name}").pl()


def _between_stages(target: Target) -> Iterator[tuple[str, pl.DataFrame]]:
    for path in sorted(target.home.glob("stages/2024/*.parquet")):
        yield path.name, pl.read_parquet(path, glob=False)


def _everywhere(target: Target) -> Iterator[tuple[str, pl.DataFrame]]:
    yield from _in_warehouse(target)
    yield from _between_stages(target)


@ATTACKS.attack("2a", "rows join to a supplier's own file by delivery and line number")
def by_place_in_the_file(target: Target) -> str | None:
    _counted(target)
    joined = [name for name, frame in _everywhere(target) if {"delivery_id", "line_number"} <= set(frame.columns)]
    return f"{', '.join(joined)}" if joined else None


@ATTACKS.attack("2b", "rows join to a supplier's own file by municipality and dates")
def by_dates(target: Target) -> str | None:
    _counted(target)
    for name, frame in _everywhere(target):
        dates = [column for column, dtype in frame.schema.items() if dtype == pl.Date]
        if any(date(2024, 5, 6) in frame[column] for column in dates):
            return f"{name} has the first day of one stay"
    return None


@ATTACKS.attack("2c", "rows join to a supplier's own file by their order")
def by_order(target: Target) -> str | None:
    target.make_home()
    kinds = ["0301", "0302", "0303"]
    rows = [row(bsn, kind=kind) for kind in kinds for bsn in (ANNA, BRAM, CEES, DORA)]
    target.deliver(target.file("DAKL_J2024_a.csv", *rows))
    target.run("run", "--year", "2024")
    for name, frame in _between_stages(target):
        if name.startswith("stays.") and frame["shelter_type_code"].to_list() == sorted(kinds * 4):
            return f"{name} has the order of the file"
    return None


@ATTACKS.attack("2d", "the tables between the stages hold the birth date of everybody in the register")
def birth_dates(target: Target) -> str | None:
    _counted(target)
    for name, frame in _everywhere(target):
        for column, dtype in frame.schema.items():
            if dtype == pl.Date and _BIRTH_DATES & set(frame[column]):
                return f"{name}.{column}"
    return None


@ATTACKS.attack("2e", "the warehouse has a row for each person, or a pseudonym")
def rows_of_persons(target: Target) -> str | None:
    _counted(target)
    for name, frame in _in_warehouse(target):
        for column, dtype in frame.schema.items():
            is_digest = column == "sha256"
            if dtype == pl.String and not is_digest and frame[column].str.contains(r"\b[0-9a-f]{64}\b").any():
                return f"{name}.{column}"
    return None
