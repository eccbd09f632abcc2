"""How many persons an insider finds again in the tables of a home, by what the insider knows.

``python -m benchmarks.reidentification HOME [--year Y]``, of any version; see docs/privacy.md for the outcomes. Nothing
of a person is printed.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import polars as pl

# What is known -> the columns that tell it, from exact to broad: of each, the first that a table has is used.
_KNOWN: dict[str, tuple[tuple[str, ...], ...]] = {
    "place": (("gemeente_code",), ("region_code",)),
    "dates": (("start_date", "end_date"), ("period",)),
    "age": (("birth_date",), ("age",), ("age_class",)),
    "sex": (("sex",),),
    "origin": (("origin",),),
    "type": (("shelter_type_code",),),
}
_INSIDERS = {
    "place and dates of a stay": ("place", "dates"),
    "place, dates and type of a stay": ("place", "dates", "type"),
    "age, sex, origin and place": ("age", "sex", "origin", "place"),
}
_PERSON = "person_pseudonym"


def main() -> None:
    """Print the outcomes for a home."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--year", type=int, default=2024)
    asked = parser.parse_args()
    stages = dict(_between_stages(asked.home, asked.year))
    for insider, facts in _INSIDERS.items():
        shares = [found for frame in stages.values() if (found := _unique(frame, facts)) is not None]
        print(f"knows {insider}: {max(shares, default=0):.0%} of the persons are unique in a table between the stages")
    supplier, file = _largest_file(asked.home, asked.year)
    for place, tables in (("warehouse", dict(_in_warehouse(asked.home))), ("tables between the stages", stages)):
        by_row = max((_joined_by_row(frame, file) for frame in tables.values()), default=0)
        by_pattern = max((_joined_by_pattern(frame, supplier, file) for frame in tables.values()), default=0)
        print(
            f"has the file of one supplier ({file['bsn'].n_unique()} BSNs), {place}: "
            f"{by_row} persons found by row, {by_pattern} by the pattern of their stays"
        )


def _between_stages(home: Path, year: int) -> Iterator[tuple[str, pl.DataFrame]]:
    for path in sorted(home.glob(f"stages/{year}/*.parquet")):
        yield path.name, pl.read_parquet(path, glob=False)


def _in_warehouse(home: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        for (name,) in connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall():
            yield name, connection.sql(f"select * from {name}").pl()


def _columns(frame: pl.DataFrame, facts: Sequence[str]) -> list[str] | None:
    """The columns of a table that tell the facts; None when it does not tell one of them."""
    chosen: list[str] = []
    for fact in facts:
        found = next((names for names in _KNOWN[fact] if set(names) <= set(frame.columns)), None)
        if found is None:
            return None
        chosen += found
    return chosen


def _unique(frame: pl.DataFrame, facts: Sequence[str]) -> float | None:
    """The share of persons with a stay whose facts nobody else has; None when the table does not tell them."""
    columns = _columns(frame, facts)
    if columns is None or _PERSON not in frame.columns:
        return None
    persons = frame.drop_nulls(_PERSON).select(_PERSON, *columns).unique()
    alone = persons.group_by(columns).agg(pl.len(), pl.col(_PERSON).first()).filter(pl.col("len") == 1)
    return alone[_PERSON].n_unique() / max(persons[_PERSON].n_unique(), 1)


def _largest_file(home: Path, year: int) -> tuple[str, pl.DataFrame]:
    """The supplier with most registrations, and the rows of its file with a BSN as the columns of a stay."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        chosen = connection.execute(
            "select supplier_id, delivery_id, file_name from deliveries.selected where year = ? "
            "order by registrations desc, supplier_id limit 1",
            [year],
        ).fetchone()
    assert chosen is not None
    supplier, delivery, name = chosen
    path = home / "deliveries" / delivery / name
    rows = pl.read_csv(path, separator=";", infer_schema=False, truncate_ragged_lines=True)
    stays = rows.with_row_index("line_number", offset=2).select(
        "bsn",
        "line_number",
        delivery_id=pl.lit(delivery),
        gemeente_code=pl.col("gemeentecode").str.zfill(4),
        shelter_type_code="type_opvang",
        start_date=pl.col("startdatum").str.to_date(strict=False),
        end_date=pl.col("einddatum").str.to_date(strict=False),
    )
    return supplier, stays.filter(pl.col("bsn").str.len_chars() == 9)


def _joined_by_row(frame: pl.DataFrame, file: pl.DataFrame) -> int:
    """The number of BSNs whose pseudonym follows from delivery and line number."""
    pseudonym = _pseudonym(frame)
    if pseudonym is None or not {"delivery_id", "line_number"} <= set(frame.columns):
        return 0
    rows = frame.drop_nulls(pseudonym).with_columns(pl.col("line_number").cast(pl.UInt32))
    return file.join(rows, on=["delivery_id", "line_number"])["bsn"].n_unique()


def _joined_by_pattern(frame: pl.DataFrame, supplier: str, file: pl.DataFrame) -> int:
    """The number of BSNs whose stays, taken together, are like those of one pseudonym and of no other."""
    pseudonym = _pseudonym(frame)
    if pseudonym is None or not {"supplier_id", "shelter_type_code"} <= set(frame.columns):
        return 0
    known = ("gemeente_code", "shelter_type_code", "start_date", "end_date")
    stay = pl.concat_str([name for name in known if name in frame.columns], separator="|", ignore_nulls=True)
    patterns = [
        rows.group_by(person).agg(pattern=stay.sort().str.join(";")).filter(pl.col("pattern").is_unique())
        for rows, person in ((file, "bsn"), (frame.filter(supplier_id=supplier).drop_nulls(pseudonym), pseudonym))
    ]
    return patterns[0].join(patterns[1], on="pattern").height


def _pseudonym(frame: pl.DataFrame) -> str | None:
    return next((name for name in ("bsn_pseudonym", "person_pseudonym") if name in frame.columns), None)


if __name__ == "__main__":
    main()
