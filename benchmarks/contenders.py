"""Other ways to check a delivery, for comparison with `dakl check`: each as a user of that tool would write it.

Usage: python benchmarks/contenders.py NAME FILE; prints the number of rows, of faults, and the seconds without imports.
"""

import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

COLUMNS = (
    "aanmaakdatum",
    "gemeentecode",
    "bsn",
    "type_opvang",
    "startdatum",
    "einddatum",
    "meldingsdatum",
    "reden_einde",
    "v_nummer",
)
DATES = ("aanmaakdatum", "startdatum", "einddatum", "meldingsdatum")
REASONS = ("01", "02", "03", "04", "05")
# Rows and faults.
Outcome = tuple[int, int]


def _reference() -> tuple[list[str], list[str], list[str], list[str]]:
    from dakl_pipeline.reference.code_lists import shelter_types
    from dakl_pipeline.reference.municipality import codes_with_status

    types = [t.code for t in shelter_types() if t.is_valid_in(2024)]
    return types, *(list(codes_with_status(status, 2024)) for status in ("current", "merged", "divided"))


def dakl(path: Path) -> Outcome:
    """The check itself, within a process that has imported everything."""
    from dakl_pipeline.intake.check import check_delivery
    from dakl_pipeline.reference.methodology import Methodology, default_methodology

    methodology = Methodology.model_validate(default_methodology())
    with path.open("rb") as file:
        verdict = check_delivery(file, path.name, methodology=methodology, today=date(2025, 5, 2))
    return verdict.registrations, len(verdict.findings)


def _in(codes: list[str]) -> str:
    return f"({', '.join(str(int(code)) for code in codes)})"


def _duckdb(path: Path, *, compares_rows: bool) -> Outcome:
    import duckdb

    types, current, merged, divided = _reference()
    con = duckdb.connect(config={"temp_directory": ""})
    given = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    # Each pattern is matched once; the rest uses the result.
    file = f"""read_csv('{path}', header = true, delim = ';', quote = '', escape = '', auto_detect = false,
                        columns = {{{given}}})"""
    shaped = ", ".join(f"regexp_full_match({c}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') as {c}_shaped" for c in DATES)
    as_dates = ", ".join(
        f"case when {c} = '2024-31-12' then date '2024-12-31' "
        f"when {c}_shaped then try_cast({c} as date) end as {c}_date"
        for c in DATES
    )
    as_numbers = """try_cast(bsn as integer) as number, try_cast(gemeentecode as smallint) as gemeente_number,
        try_cast(type_opvang as smallint) as type_number"""
    digits = " + ".join(f"{9 - i} * (number // {10 ** (8 - i)} % 10)" for i in range(8))
    tests = {
        **{f"required_{c}": f"{c} = ''" for c in ("aanmaakdatum", "gemeentecode", "type_opvang", "startdatum")},
        **{f"format_{c}": f"{c} <> '' and not {c}_shaped" for c in DATES},
        **{f"exists_{c}": f"{c}_shaped and {c}_date is null" for c in DATES},
        **{f"swapped_{c}": f"{c} = '2024-31-12'" for c in DATES},
        **{
            f"code_{c}": f"{c} <> '' and not regexp_full_match({c}, '[0-9]{{1,4}}')"
            for c in ("gemeentecode", "type_opvang")
        },
        **{f"padded_{c}": f"length({c}) between 1 and 3" for c in ("gemeentecode", "type_opvang")},
        "type_unknown": f"type_number not in {_in(types)}",
        "bsn_format": "bsn <> '' and not regexp_full_match(bsn, '[0-9]{8,9}')",
        "bsn_padded": "length(bsn) = 8",
        "reason_unknown": f"reden_einde not in {('', *REASONS)}",
        "v_number_format": "v_nummer <> '' and not regexp_full_match(v_nummer, '[0-9]{10}')",
        "eleven_test": f"number <> 999999999 and ({digits} - number % 10) % 11 <> 0",
        "bsn_missing": "bsn in ('', '999999999') and v_nummer = ''",
        "gemeente_unknown": f"gemeente_number not in {_in([*current, *merged, *divided])}",
        "gemeente_merged": f"gemeente_number in {_in(merged)}",
        "gemeente_divided": f"gemeente_number in {_in(divided)}",
        "end_before_start": "einddatum_date < startdatum_date",
        "outside_year": "startdatum_date > date '2024-12-31' or einddatum_date < date '2024-01-01'",
        "request_after_start": "meldingsdatum_date > startdatum_date",
        "long_open": "(einddatum_date is null or einddatum_date >= date '2024-12-31') "
        "and date '2024-12-31' - startdatum_date > 365",
        "created_later": "aanmaakdatum_date > date '2025-05-02'",
        "created_apart": "aanmaakdatum <> (select aanmaakdatum from delivered limit 1)",
    }
    if compares_rows:
        everything = ", ".join(COLUMNS)
        tests["duplicate"] = f"row_number() over (partition by {everything} order by line) > 1"
        tests["overlap"] = (
            "number <> 999999999 and startdatum_date < max(coalesce(einddatum_date, date '9999-12-31')) over "
            "(partition by bsn, type_opvang order by startdatum_date, line "
            "rows between unbounded preceding and 1 preceding)"
        )
    # A separate table: numbering the lines uses one thread, the rest uses several.
    texts = ", ".join(f"coalesce({c}, '') as {c}" for c in COLUMNS)
    con.execute(f"create temp table delivered as select row_number() over () + 1 as line, {texts} from {file}")
    con.execute(
        f"""create temp table verdict as
        with shaped as (select *, {shaped} from delivered),
        typed as (select *, {as_dates}, {as_numbers} from shaped)
        select line, {", ".join(f"coalesce({test}, false) as {name}" for name, test in tests.items())} from typed"""
    )
    rows, *counts = con.execute(
        f"select count(*), {', '.join(f'count_if({name})' for name in tests)} from verdict"
    ).fetchone() or (0,)
    return rows, sum(counts)


def duckdb(path: Path) -> Outcome:
    """One pass of hand-written SQL: every rule with a verdict per row, including the two that compare rows."""
    return _duckdb(path, compares_rows=True)


def duckdb_rows_only(path: Path) -> Outcome:
    """The same without the two rules that compare rows."""
    return _duckdb(path, compares_rows=False)


def _dataframely(path: Path, *, compares_rows: bool) -> Outcome:
    import dataframely as dy
    import polars as pl

    types, current, merged, divided = _reference()
    date_pattern, code_pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "^[0-9]{1,4}$"

    def rule(test: pl.Expr) -> object:
        @dy.rule()
        def holds(cls: object) -> pl.Expr:
            return test

        return holds

    def holds_date(column: str) -> object:
        is_empty = pl.col(column) == ""
        return rule(is_empty | (pl.col(column).str.contains(date_pattern) & pl.col(f"{column}_date").is_not_null()))

    number = pl.col("number")
    eleven = sum((9 - i) * (number // 10 ** (8 - i) % 10) for i in range(8)) - number % 10
    start, end, request = (pl.col(f"{c}_date") for c in ("startdatum", "einddatum", "meldingsdatum"))
    year_end = date(2024, 12, 31)
    members: dict[str, object] = {
        **{c: dy.String(nullable=False) for c in COLUMNS},
        **{f"{c}_date": dy.Date(nullable=True) for c in DATES},
        "number": dy.Int64(nullable=True),
        **{f"date_of_{c}": holds_date(c) for c in DATES},
        **{
            f"required_{c}": rule(pl.col(c) != "")
            for c in ("aanmaakdatum", "gemeentecode", "type_opvang", "startdatum")
        },
        **{f"not_swapped_{c}": rule(pl.col(c) != "2024-31-12") for c in DATES},
        **{f"code_of_{c}": rule(pl.col(c).str.contains(code_pattern)) for c in ("gemeentecode", "type_opvang")},
        **{f"whole_{c}": rule(pl.col(c).str.len_bytes() == 4) for c in ("gemeentecode", "type_opvang")},
        "type_known": rule(pl.col("type_opvang").is_in(types)),
        "bsn_format": rule((pl.col("bsn") == "") | pl.col("bsn").str.contains("^[0-9]{8,9}$")),
        "bsn_whole": rule(pl.col("bsn").str.len_bytes() != 8),
        "reason_known": rule(pl.col("reden_einde").is_in(["", *REASONS])),
        "v_number_format": rule((pl.col("v_nummer") == "") | pl.col("v_nummer").str.contains("^[0-9]{10}$")),
        "eleven_test": rule((number == 999999999) | (eleven % 11 == 0)),
        "bsn_there": rule(number.is_not_null() | (pl.col("v_nummer") != "")),
        "gemeente_known": rule(pl.col("gemeentecode").is_in([*current, *merged, *divided])),
        "gemeente_not_merged": rule(~pl.col("gemeentecode").is_in(merged)),
        "gemeente_not_divided": rule(~pl.col("gemeentecode").is_in(divided)),
        "end_after_start": rule(~(end < start)),
        "in_year": rule(~((start > year_end) | (end < date(2024, 1, 1)))),
        "request_before_start": rule(~(request > start)),
        "not_long_open": rule(~((end.is_null() | (end >= year_end)) & ((year_end - start).dt.total_days() > 365))),
        "not_created_later": rule(pl.col("aanmaakdatum_date") <= date(2025, 5, 2)),
        "created_together": rule(pl.col("aanmaakdatum") == pl.col("aanmaakdatum").first()),
    }
    if compares_rows:
        earlier_end = end.fill_null(date.max).cum_max().shift(1)
        by_person = earlier_end.over("bsn", "type_opvang", order_by=start)
        members["not_duplicate"] = rule(pl.struct(COLUMNS).is_first_distinct())
        members["no_overlap"] = rule(pl.col("bsn").is_in(["", "999999999"]) | ~(start < by_person))
    schema = type("Delivery", (dy.Schema,), members)
    frame = pl.read_csv(path, separator=";", quote_char=None, infer_schema=False, empty_string_is_null=False)
    frame = frame.with_columns(
        *(pl.col(c).str.to_date("%Y-%m-%d", strict=False).alias(f"{c}_date") for c in DATES),
        number=pl.col("bsn").cast(pl.Int64, strict=False),
    )
    _, failures = schema.filter(frame)
    return frame.height, sum(failures.counts().values())


def dataframely(path: Path) -> Outcome:
    """A dataframely schema with every rule on values and content, over texts and dates that Polars read."""
    return _dataframely(path, compares_rows=True)


def dataframely_rows_only(path: Path) -> Outcome:
    """The same without the two rules that compare rows."""
    return _dataframely(path, compares_rows=False)


def frictionless(path: Path) -> Outcome:
    """A Table Schema with the rules that it can express: required, pattern, list of codes and existing dates."""
    from frictionless import Checklist, Dialect, Resource, Schema
    from frictionless.formats import CsvControl

    types = ["0201", "0203", "0204", "0205", "0301", "0302", "0303", "0304", "0305"]
    constraints: dict[str, dict[str, object]] = {
        "aanmaakdatum": {"required": True},
        "startdatum": {"required": True},
        "gemeentecode": {"required": True, "pattern": "[0-9]{1,4}"},
        "type_opvang": {"required": True, "enum": types},
        "bsn": {"pattern": "[0-9]{8,9}"},
        "reden_einde": {"enum": list(REASONS)},
        "v_nummer": {"pattern": "[0-9]{10}"},
    }
    fields = [
        {
            "name": c,
            "type": "date" if c in DATES else "string",
            **({"format": "%Y-%m-%d"} if c in DATES else {}),
            "constraints": constraints.get(c, {}),
        }
        for c in COLUMNS
    ]
    schema = Schema.from_descriptor({"fields": fields})
    resource = Resource(
        path=path.name, basepath=str(path.parent), schema=schema, dialect=Dialect(controls=[CsvControl(delimiter=";")])
    )
    report = resource.validate(Checklist(), limit_errors=100_000)
    return report.tasks[0].stats["rows"], report.stats["errors"]


CONTENDERS: dict[str, Callable[[Path], Outcome]] = {
    f.__name__: f for f in (dakl, duckdb, duckdb_rows_only, dataframely, dataframely_rows_only, frictionless)
}


def main() -> None:
    check = CONTENDERS[sys.argv[1]]
    path = Path(sys.argv[2])
    # A tiny file first, so that imports and first use are not measured.
    tiny = path.parent / "tiny" / path.name
    tiny.parent.mkdir(exist_ok=True)
    with path.open("rb") as file:
        tiny.write_bytes(b"".join(file.readline() for _ in range(11)))
    check(tiny)
    started = time.perf_counter()
    rows, faults = check(path)
    print(rows, faults, round(time.perf_counter() - started, 3))


if __name__ == "__main__":
    main()
