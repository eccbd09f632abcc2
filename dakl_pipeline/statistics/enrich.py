"""Stage 3: the person of each stay, and that person's characteristics."""

import polars as pl

from dakl_pipeline.contracts.stays import ENRICHED_STAYS
from dakl_pipeline.reference.code_lists import age_classes

UNKNOWN = "onbekend"


def identify(stays: pl.LazyFrame, v_number_register: pl.LazyFrame) -> pl.LazyFrame:
    """Identify the person of each stay (monitor rule 5.2).

    A usable BSN takes precedence over a V-number. A V-number that the register links to a BSN identifies the person
    with that BSN; one without a link identifies a person of its own. A stay with neither identifies nobody.

    Args:
        stays: Frame of the contract ``stays.pseudonymised``.
        v_number_register: Frame with ``v_number_pseudonym, bsn_pseudonym``, each V-number once.

    Returns:
        The stays with ``identified_by`` and ``person_pseudonym``, in the same order.
    """
    links = v_number_register.select("v_number_pseudonym", linked_bsn_pseudonym="bsn_pseudonym")
    return (
        stays.join(links, on="v_number_pseudonym", how="left", maintain_order="left")
        .with_columns(
            identified_by=pl.when(pl.col("bsn_pseudonym").is_not_null())
            .then(pl.lit("bsn"))
            .when(pl.col("linked_bsn_pseudonym").is_not_null())
            .then(pl.lit("v_number_linked"))
            .when(pl.col("v_number_pseudonym").is_not_null())
            .then(pl.lit("v_number_only"))
            .otherwise(pl.lit("none")),
            person_pseudonym=pl.coalesce("bsn_pseudonym", "linked_bsn_pseudonym", "v_number_pseudonym"),
        )
        .drop("linked_bsn_pseudonym")
    )


def age_class_of(age: pl.Expr) -> pl.Expr:
    """Age class of an age in years (A8); ``onbekend`` when there is no age."""
    label = pl.lit(None, dtype=pl.String)
    for age_class in age_classes():
        upper = pl.lit(True) if age_class.max_age is None else age <= age_class.max_age
        label = pl.when((age >= age_class.min_age) & upper).then(pl.lit(age_class.category)).otherwise(label)
    return label.fill_null(UNKNOWN)


def enrich(
    stays: pl.LazyFrame,
    *,
    adult_age: int,
    person_register: pl.LazyFrame,
    income_register: pl.LazyFrame,
    care_register: pl.LazyFrame,
) -> pl.LazyFrame:
    """Add the characteristics from the registers of the reporting year (monitor rule 5.3).

    A person who is not in the person register has ``onbekend`` for every characteristic, whatever the other registers
    say. A person in it has income ``onbekend`` without a row in the income register, and no care without one there.

    Args:
        stays: Stays with ``identified_by`` and ``person_pseudonym`` (:func:`identify`).
        adult_age: Age in years from which a person is an adult (A7).
        person_register: ``bsn_pseudonym, age, sex, origin``.
        income_register: ``bsn_pseudonym, income_source``.
        care_register: ``bsn_pseudonym, wmo, wlz``.

    Returns:
        Frame of the contract ``stays.enriched``, with the stays in the same order.
    """
    persons = (
        person_register.drop("year", strict=False)
        .join(income_register.drop("year", strict=False), on="bsn_pseudonym", how="left")
        .join(
            care_register.drop("year", strict=False).with_columns(has_care_record=True),
            on="bsn_pseudonym",
            how="left",
        )
        .with_columns(is_in_person_register=True)
    )
    matched = stays.join(
        persons.rename({"bsn_pseudonym": "person_pseudonym"}), on="person_pseudonym", how="left", maintain_order="left"
    )
    is_known = pl.col("is_in_person_register").fill_null(False)

    def care(column: str) -> pl.Expr:
        return (
            pl.when(~is_known)
            .then(pl.lit(UNKNOWN))
            .when(pl.col("has_care_record").is_null())
            .then(pl.lit("nee"))
            .otherwise(pl.col(column).replace_strict({True: "ja", False: "nee"}, default=UNKNOWN))
        )

    return matched.with_columns(
        is_in_person_register=is_known,
        age_class=age_class_of(pl.col("age")),
        is_adult=pl.col("age") >= adult_age,
        sex=pl.col("sex").fill_null(UNKNOWN),
        origin=pl.col("origin").fill_null(UNKNOWN),
        income_source=pl.col("income_source").fill_null(UNKNOWN),
        wmo=care("wmo"),
        wlz=care("wlz"),
    ).select(ENRICHED_STAYS.column_names)
