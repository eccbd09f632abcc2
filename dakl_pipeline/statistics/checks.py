"""The checks before a table is written, each with the advice when it fails: the contract, and checks of the content."""

from dataclasses import dataclass

import polars as pl

from dakl_pipeline.contracts.columns import Table, validate
from dakl_pipeline.reference.code_lists import published_categories
from dakl_pipeline.reference.regions import COUNTRY
from dakl_pipeline.statistics.count import TOTAL


@dataclass(frozen=True)
class CheckOutcome:
    """Outcome of a check.

    Attributes:
        passed: Whether it passed.
        found: Its finding, in words and counts, without any value of a row.
        to_do: Advice when it fails.
    """

    passed: bool
    found: str
    to_do: str


_REPORT = "an error in the pipeline: keep the run and report it to the maintainers"
_BROKEN = {
    "type": "the column is missing, unexpected or of the wrong type",
    "nullability": "empty, although it is required",
    "regex": "not in the required form",
    "check__allowed": "not in its code list",
    "min": "below its minimum",
    "unique": "not unique",
}


def conforms(table: Table, frame: pl.DataFrame) -> CheckOutcome:
    """Every row satisfies the contract of its table.

    Args:
        table: The contract.
        frame: Any frame.
    """
    verdict = validate(table.schema, frame)
    faults = [f"{_in_words(table, rule)} ({rows} rows)" for rule, rows in verdict.failures.items()]
    return CheckOutcome(verdict.passed, "; ".join(faults) or f"all {verdict.rows} rows satisfy it", _REPORT)


def _in_words(table: Table, rule: str) -> str:
    """The message for a broken rule of a contract; the rule's own name where it is clear."""
    if rule == "primary_key":
        return f"several rows with the same {', '.join(table.sort_by)}"
    column, _, kind = rule.rpartition("|")
    return f"{column}: {_BROKEN.get(kind, kind)}" if column else f"does not hold: {rule.replace('_', ' ')}"


def no_row_lost(rows_in: int, rows_out: int) -> CheckOutcome:
    """A stage passes on every row that it received."""
    return CheckOutcome(rows_in == rows_out, f"{rows_in} rows in, {rows_out} rows out", _REPORT)


def eligible_stays_have_region(stays: pl.DataFrame) -> CheckOutcome:
    """Every stay that counts has a region (monitor rule 5.5).

    Args:
        stays: Frame of the contract ``stays.eligibility``.
    """
    without = stays.filter(pl.col("exclusion_reason").is_null() & pl.col("region_code").is_null()).height
    return CheckOutcome(without == 0, f"{without} eligible stays without a region", _REPORT)


def every_eligible_person_kept(stays: pl.DataFrame, persons: pl.DataFrame) -> CheckOutcome:
    """Deduplication keeps every person of an eligible stay, once for the country.

    Args:
        stays: Frame of the contract ``stays.eligibility``.
        persons: Frame of the contract ``persons.unique``.
    """
    expected = stays.filter(pl.col("exclusion_reason").is_null())["person_pseudonym"].n_unique()
    kept = persons.filter(pl.col("region_code") == COUNTRY).height
    return CheckOutcome(expected == kept, f"{expected} persons in eligible stays, {kept} in the country", _REPORT)


def persons_have_type_and_supplier(
    persons: pl.DataFrame, shelter_types: pl.DataFrame, suppliers: pl.DataFrame
) -> CheckOutcome:
    """Every person of a region, and nobody else, has a type of shelter and a supplier there.

    Args:
        persons: Frame of the contract ``persons.unique``.
        shelter_types: Frame of the contract ``persons.shelter_types``.
        suppliers: Frame of the contract ``persons.suppliers``.
    """
    key = ["region_code", "person_pseudonym"]
    without, unknown = (
        sum(left.join(right, on=key, how="anti").height for left, right in pairs)
        for pairs in (
            [(persons, shelter_types), (persons, suppliers)],
            [(shelter_types, persons), (suppliers, persons)],
        )
    )
    found = f"{without} persons without a type of shelter or supplier, {unknown} rows of other persons"
    return CheckOutcome(without == unknown == 0, found, _REPORT)


def country_at_most_sum_of_regions(counts: pl.DataFrame) -> CheckOutcome:
    """In every cell: largest region ≤ country ≤ sum of the regions, because persons do not add up over regions.

    Args:
        counts: Frame of the contract ``statistics.unique_person_counts``.
    """
    is_country = pl.col("region_code") == COUNTRY
    cells = counts.group_by("dimension", "category").agg(
        country=pl.col("persons").filter(is_country).sum(),
        regions=pl.col("persons").filter(~is_country).sum(),
        largest=pl.col("persons").filter(~is_country).max().fill_null(0),
    )
    wrong = cells.filter(~pl.col("country").is_between(pl.col("largest"), pl.col("regions"))).height
    return CheckOutcome(wrong == 0, f"{wrong} of {cells.height} cells of the country do not fit their regions", _REPORT)


def characteristics_add_up(counts: pl.DataFrame) -> CheckOutcome:
    """The categories of every characteristic of a person add up to the total of the region (A8).

    Args:
        counts: Frame of the contract ``statistics.unique_person_counts``.
    """
    of_persons = published_categories().filter("is_person_attribute")["dimension"].unique()
    sums = (
        counts.filter(pl.col("dimension").is_in(of_persons.to_list()))
        .group_by("region_code", "dimension")
        .agg(pl.col("persons").sum())
    )
    totals = sums.filter(pl.col("dimension") == TOTAL).select("region_code", total="persons")
    compared = totals.join(pl.DataFrame({"dimension": of_persons}), how="cross").join(
        sums, on=["region_code", "dimension"], how="left"
    )
    wrong = compared.filter(pl.col("persons").ne_missing(pl.col("total"))).height
    return CheckOutcome(wrong == 0, f"{wrong} of {compared.height} sums differ from the total of their region", _REPORT)


def registrations_add_up(coverage: pl.DataFrame) -> CheckOutcome:
    """The registrations of the regions and those without a region add up to those of the country.

    Args:
        coverage: Frame of the contract ``statistics.coverage``.
    """
    values = {(region, measure): value for _, region, measure, value in coverage.rows()}
    country = values.get((COUNTRY, "registrations"), 0)
    regions = sum(v for (region, measure), v in values.items() if measure == "registrations" and region != COUNTRY)
    without = values.get((COUNTRY, "registrations_without_region"), 0)
    found = f"{regions} registrations in regions and {without} without one, {country} in the country"
    return CheckOutcome(regions + without == country, found, _REPORT)
