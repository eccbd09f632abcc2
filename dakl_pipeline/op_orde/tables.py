"""Counts the numbers of the op-orde report from the registrations of an approved file (monitor rule 4).

"Persons" are the different BSNs as delivered, with all missing ones together as one value (assumption A9); ``n_unique``
of Polars counts null as a value in the same way.
"""

from datetime import date

import polars as pl

from dakl_pipeline.intake.catalogue import ColumnSet
from dakl_pipeline.op_orde.report import (
    DuplicateRow,
    DurationRow,
    DurationSummary,
    Figures,
    MissingRow,
    MonthRow,
    MunicipalityRow,
    ShelterTypeRow,
    Tables,
    Total,
)
from dakl_pipeline.presentation.dutch import MONTHS
from dakl_pipeline.reference.code_lists import duration_classes, municipal_mergers, municipalities, shelter_types
from dakl_pipeline.reference.municipality import code_status, successors

# Delivered column, column of the registrations, set of columns; in the order of the printed report.
_MISSING_COLUMNS: tuple[tuple[str, str, ColumnSet], ...] = (
    ("bsn", "bsn", "basic"),
    ("einddatum", "end_date", "basic"),
    ("meldingsdatum", "request_date", "optional"),
    ("reden_einde", "end_reason_code", "optional"),
)


def count_figures(registrations: pl.DataFrame, *, year: int, column_set: ColumnSet) -> Figures:
    """Count all numbers that the report shows about one file.

    Args:
        registrations: Frame from ``read_registrations``.
        year: Reporting year.
        column_set: The delivered set of columns.

    Returns:
        The figures.
    """
    status = pl.col("bsn_status")
    counted = registrations.select(
        registrations=pl.len(),
        persons=pl.col("bsn").n_unique(),
        bsn_missing=(status == "missing").sum(),
        bsn_fails_eleven_test=(status == "fails_eleven_test").sum(),
    )
    durations, summary = _durations(registrations, year)
    return Figures(
        tables=Tables(
            municipality=_municipalities(registrations, year),
            shelter_type=_shelter_types(registrations),
            missing=_missing(registrations, column_set),
            duration=durations,
            duplicates=_duplicates(registrations),
            start_month=_start_months(registrations, year),
        ),
        total=Total(**counted.row(0, named=True)),
        duration_summary=summary,
    )


def _by(registrations: pl.DataFrame, column: str) -> list[tuple[str, int, int]]:
    counted = registrations.group_by(column).agg(registrations=pl.len(), persons=pl.col("bsn").n_unique())
    return counted.sort(column).rows()


def _municipalities(registrations: pl.DataFrame, year: int) -> tuple[MunicipalityRow, ...]:
    rows = [
        MunicipalityRow(gemeentecode=code, gemeente=municipality_name(code, year), registrations=n, persons=persons)
        for code, n, persons in _by(registrations, "gemeente_code")
    ]
    # By name, as in the printed report; codes without a region in the division of the year come last.
    return tuple(sorted(rows, key=lambda row: (_has_no_region(row.gemeentecode, year), row.gemeente.casefold())))


def _has_no_region(code: str, year: int) -> bool:
    return code_status(code, year) in ("unknown", "divided")


def municipality_name(code: str, year: int) -> str:
    """Return the name of a municipality code, for a coordinator in the reporting year.

    Args:
        code: Municipality code of 4 digits, as delivered.
        year: Reporting year.

    Returns:
        The name in that year (Dutch); for an older or later code with an explanation; else that the code is unknown.
    """
    status = code_status(code, year)
    found = successors(code, year)
    if status == "current":
        return found[0].name
    if status == "unknown":
        later = next((m for m in municipalities() if m.code == code), None)
        return f"{later.name} (bestaat niet in {year})" if later else "Onbekende gemeentecode"
    old = next(m.old_name for m in municipal_mergers() if m.old_code == code)
    names = ", ".join(m.name for m in found)
    return f"{old} (opgegaan in {names})" if status == "merged" else f"{old} (verdeeld over {names})"


def _shelter_types(registrations: pl.DataFrame) -> tuple[ShelterTypeRow, ...]:
    labels = {t.code: t.report_label for t in shelter_types()}
    rows = [
        ShelterTypeRow(code=code, type=labels[code], registrations=n, persons=persons)
        for code, n, persons in _by(registrations, "shelter_type_code")
    ]
    return tuple(sorted(rows, key=lambda row: row.type.casefold()))


def _missing(registrations: pl.DataFrame, column_set: ColumnSet) -> tuple[MissingRow, ...]:
    total = registrations.height
    rows = []
    for name, column, in_set in _MISSING_COLUMNS:
        if in_set == "optional" and column_set == "basic":
            rows.append(MissingRow(column=name, missing=None, percentage=None))
            continue
        missing = registrations[column].null_count()
        rows.append(MissingRow(column=name, missing=missing, percentage=whole_percentage(missing, total)))
    return tuple(rows)


def whole_percentage(part: int, whole: int) -> int:
    """Return a whole percentage, with halves rounded up; 0 if ``whole`` is 0."""
    return (200 * part + whole) // (2 * whole) if whole else 0


def _durations(registrations: pl.DataFrame, year: int) -> tuple[tuple[DurationRow, ...], DurationSummary]:
    """Count lengths of stay. A stay that ends on 31 December or later was still open then (assumption D27)."""
    end, days = pl.col("end_date"), pl.col("days")
    ended = pl.lit(None, dtype=pl.String)
    # Lower limits ascend, so the last one reached determines the class.
    for one in duration_classes():
        ended = pl.when(days >= one.min_days).then(pl.lit(one.category)).otherwise(ended)
    frame = (
        registrations.select("end_date", days=(end - pl.col("start_date")).dt.total_days())
        .with_columns(
            category=pl.when(end.is_null())
            .then(pl.lit("no_end_date"))
            .when(days < 0)
            .then(pl.lit("end_before_start"))
            .when(end >= date(year, 12, 31))
            .then(pl.lit("open"))
            .otherwise(ended)
        )
        .select("category", "days")
    )
    counts = dict(frame.group_by("category").len().rows())
    labels = {
        **{one.category: one.label for one in duration_classes()},
        "open": "einddatum 31 december of later (liep nog)",
        "no_end_date": "einddatum leeg",
        "end_before_start": "einddatum voor startdatum",
    }
    rows = tuple(DurationRow(category=c, label=label, registrations=counts.get(c, 0)) for c, label in labels.items())
    lengths = frame.filter(pl.col("category").is_in([one.category for one in duration_classes()]))["days"]
    summary = lengths.to_frame().select(median=pl.col("days").median(), mean=pl.col("days").mean().round(1))
    median, mean = summary.row(0)
    return rows, DurationSummary(ended=lengths.len(), median_days=median, mean_days=mean)


def _duplicates(registrations: pl.DataFrame) -> tuple[DuplicateRow, ...]:
    """Count registrations that equal an earlier one in every column, like rule ``duplicate_row`` (assumption D25)."""
    different = registrations.drop("line_number", "bsn_status").n_unique()
    label = "dubbele records (in elke kolom gelijk aan een eerdere regel)"
    return (DuplicateRow(measure="duplicate_records", label=label, registrations=registrations.height - different),)


def _start_months(registrations: pl.DataFrame, year: int) -> tuple[MonthRow, ...]:
    start = pl.col("start_date")
    counts = dict(
        registrations.select(
            month=pl.when(start.dt.year() < year)
            .then(pl.lit("before"))
            .when(start.dt.year() > year)
            .then(pl.lit("after"))
            .otherwise(start.dt.strftime("%Y-%m"))
        )
        .group_by("month")
        .len()
        .rows()
    )
    labels = {
        "before": f"voor {year}",
        **{f"{year}-{place:02d}": name for place, name in enumerate(MONTHS, start=1)},
        "after": f"na {year}",
    }
    return tuple(MonthRow(month=m, label=label, registrations=counts.get(m, 0)) for m, label in labels.items())
