"""Stage 2: registrations and registers without BSN and V-number, exact dates and places in a file."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from dakl_pipeline.contracts.columns import validate
from dakl_pipeline.contracts.registers import Register, is_placeholder
from dakl_pipeline.contracts.stays import PSEUDONYMISED_STAYS
from dakl_pipeline.errors import Refused
from dakl_pipeline.privacy.pseudonyms import PseudonymKey, pseudonyms, stay_ids
from dakl_pipeline.statistics.eligibility import period_of_stay


def pseudonymise_stays(files: Sequence[pl.DataFrame], *, year: int, key: PseudonymKey) -> pl.DataFrame:
    """Pseudonymise the registrations of a year (monitor rule 5.1).

    Only a usable BSN gets a pseudonym: one that is missing or fails the eleven test identifies nobody. What the
    statistic does not need stays in the file (data minimisation): dates become a period, the place of a registration in
    its file becomes a keyed id, and the creation date, request date and reason of ending are dropped.

    Args:
        files: For each selected file the frame of ``intake.registrations.read_registrations`` with ``supplier_id`` and
            ``delivery_id``.
        year: Reporting year.
        key: The secret key.

    Returns:
        Frame of the contract ``stays.pseudonymised``; empty when there are no files.

    Raises:
        Refused: If a number cannot be pseudonymised.
    """
    if not files:
        return PSEUDONYMISED_STAYS.polars_schema.to_frame()
    registrations = pl.concat(files)
    usable_bsn = registrations.select(pl.when(pl.col("bsn_status") == "usable").then("bsn"))["bsn"]
    return registrations.with_columns(
        pl.lit(year, dtype=pl.Int32).alias("year"),
        period_of_stay(year).alias("period"),
        stay_ids(registrations["delivery_id"], registrations["line_number"], key),
        pseudonyms(usable_bsn, "bsn", key).alias("bsn_pseudonym"),
        pseudonyms(registrations["v_number"], "v", key).alias("v_number_pseudonym"),
    ).select(PSEUDONYMISED_STAYS.column_names)


def pseudonymise_register(source: pl.DataFrame, register: Register, *, year: int, key: PseudonymKey) -> pl.DataFrame:
    """Pseudonymise a register.

    Rows with a placeholder number are left out: they would merge many people into one person (assumption D69). A birth
    date becomes the age on 31 December of the reporting year (A7).

    Args:
        source: The register as supplied, of the contract ``register.source``.
        register: The register.
        year: Its reporting year.
        key: The secret key.

    Returns:
        Frame of the contract ``register.table``.

    Raises:
        Refused: If the register breaks its contract; gives the number of rows per broken rule, never a value.
    """
    if not register.numbers.keys() - source.schema.keys():
        source = source.filter(~is_placeholder(register))
    verdict = validate(register.source, source)
    if not verdict.passed:
        faults = ", ".join(f"{rule}: {rows} rows" for rule, rows in verdict.failures.items())
        raise Refused(
            f"register {register.name} of {year} breaks its contract ({faults}): ask for a corrected register"
        )
    replaced = [
        pseudonyms(source[column], domain, key).alias(f"{column}_pseudonym")
        for column, domain in register.numbers.items()
    ]
    return source.with_columns(pl.lit(year, dtype=pl.Int32).alias("year"), *replaced, *_ages(source, year)).select(
        register.table.column_names
    )


def _ages(source: pl.DataFrame, year: int) -> list[pl.Expr]:
    if "birth_date" not in source.columns:
        return []
    return [age_on(pl.col("birth_date"), date(year, 12, 31)).cast(pl.Int32).alias("age")]


def age_on(birth_date: pl.Expr, day: date) -> pl.Expr:
    """Age in whole years on a day; null when the birth date is unknown or later than the day.

    Args:
        birth_date: Expression of dates.
        day: The day.
    """
    had_birthday = (birth_date.dt.month() < day.month) | (
        (birth_date.dt.month() == day.month) & (birth_date.dt.day() <= day.day)
    )
    age = day.year - birth_date.dt.year() - (~had_birthday).cast(pl.Int32)
    return pl.when(birth_date <= day).then(age)
