"""Stage 2: registrations and registers without BSN and V-number.

Belongs here: replacing the numbers, and leaving out columns that the statistic does not need. Does not belong here: the
hash itself (``pseudonyms``) and who is one person (``enrich``).
"""

import polars as pl

from dakl_pipeline.contracts.columns import hold_against
from dakl_pipeline.contracts.registers import Register
from dakl_pipeline.contracts.stays import PSEUDONYMISED_STAYS
from dakl_pipeline.errors import Refused
from dakl_pipeline.pseudonyms import PseudonymKey, pseudonyms


def pseudonymise_stays(
    registrations: pl.DataFrame, *, year: int, supplier_id: str, delivery_id: str, key: PseudonymKey
) -> pl.DataFrame:
    """Pseudonymise the registrations of one delivery (monitor rule 5.1).

    Only a usable BSN gets a pseudonym: one that is missing or fails the eleven test identifies nobody. The creation
    date, request date and reason of ending stay behind: the statistic does not need them (data minimisation).

    Args:
        registrations: Frame of ``intake.registrations.read_registrations``.
        year: Reporting year of the delivery.
        supplier_id: Who delivered.
        delivery_id: Which delivery.
        key: The secret key.

    Returns:
        Frame of the contract ``stays.pseudonymised``.

    Raises:
        Refused: If a number cannot be pseudonymised.
    """
    usable_bsn = registrations.select(pl.when(pl.col("bsn_status") == "usable").then("bsn"))["bsn"]
    return registrations.with_columns(
        pl.lit(year, dtype=pl.Int32).alias("year"),
        pl.lit(supplier_id).alias("supplier_id"),
        pl.lit(delivery_id).alias("delivery_id"),
        pseudonyms(usable_bsn, "bsn", key).alias("bsn_pseudonym"),
        pseudonyms(registrations["v_number"], "v", key).alias("v_number_pseudonym"),
    ).select(PSEUDONYMISED_STAYS.column_names)


def pseudonymise_register(source: pl.DataFrame, register: Register, *, year: int, key: PseudonymKey) -> pl.DataFrame:
    """Pseudonymise a register.

    Args:
        source: The register as delivered, of the contract ``register.source``.
        register: Which register it is.
        year: Reporting year it is for.
        key: The secret key.

    Returns:
        Frame of the contract ``register.table``.

    Raises:
        Refused: If the register breaks its contract; says how many rows break which rule, never a value.
    """
    verdict = hold_against(register.source, source)
    if not verdict.passed:
        faults = ", ".join(f"{rule}: {rows} rows" for rule, rows in verdict.failures.items())
        raise Refused(
            f"register {register.name} of {year} breaks its contract ({faults}): ask for a corrected register"
        )
    replaced = [
        pseudonyms(source[column], domain, key).alias(f"{column}_pseudonym")
        for column, domain in register.numbers.items()
    ]
    return (
        source.drop(list(register.numbers))
        .with_columns(pl.lit(year, dtype=pl.Int32).alias("year"), *replaced)
        .select(register.table.column_names)
    )
