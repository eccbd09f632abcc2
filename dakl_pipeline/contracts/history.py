"""Contracts of the history: the figures of each vintage, and the number of persons added and removed.

Every count that changes a figure adds a vintage. The history contract of a table that keeps its history is derived from
the contract of the table.
"""

import dataframely as dy

from dakl_pipeline.contracts.columns import REGION_PATTERN, Table, vintage_column
from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.statistics import COVERAGE, SUPPLIER_OVERLAP, UNIQUE_PERSON_COUNTS
from dakl_pipeline.reference.code_lists import exclusion_reasons

ALL_SUPPLIERS = "*"
_YEAR = "Verslagjaar."


def _history(name: str, schema: type[dy.Schema], description: str) -> Table:
    """A table that the last stage extends."""
    return Table(
        name=name, asset=UNIQUE_PERSON_COUNTS.asset, schema=schema, description=description, sensitivity="internal"
    )


class Runs(dy.Schema):
    """One row per vintage."""

    year = dy.Int32(primary_key=True, description=_YEAR)
    vintage = vintage_column()
    counted_at = dy.Datetime(time_zone="UTC", time_unit="us", description="Wanneer er geteld is (UTC).")
    run_id = dy.String(description="De run in Dagster.")
    reason = dy.String(description="Waarom er opnieuw geteld is.")
    key_id = dy.String(description="Willekeurig kenmerk van de sleutel waarmee gepseudonimiseerd is.")
    files = dy.Int64(min=0, description="Aantal geselecteerde bestanden.")
    persons = dy.Int64(min=0, description="Aantal verschillende personen in het hele land, exact.")
    versions = dy.String(description="Versies van programma, regels, code en gegevens (JSON).")


RUNS = _history(
    "statistics.runs", Runs, "Elke telling die iets veranderde: wanneer, waarom en waarmee. Eén rij per telling."
)


class Changes(dy.Schema):
    """One row per region and supplier in which something changed, and one per region for all suppliers."""

    year = dy.Int32(primary_key=True, description=_YEAR)
    vintage = vintage_column()
    region_code = dy.String(primary_key=True, regex=REGION_PATTERN, description="Centrumregio, of NL.")
    supplier_id = dy.String(
        primary_key=True, description=f"Leverancier; {ALL_SUPPLIERS} voor de regio als geheel, ontdubbeld."
    )
    delivery_before = dy.String(nullable=True, description="Aanlevering die bij de vorige telling meetelde.")
    delivery_after = dy.String(nullable=True, description="Aanlevering die bij deze telling meetelt.")
    persons_added = dy.Int64(
        min=0, description="Personen die in de regio geteld zijn en de vorige keer niet, met een verblijf hier."
    )
    persons_removed = dy.Int64(
        min=0, description="Personen die in de regio de vorige keer geteld waren en nu niet, met een verblijf hier."
    )


CHANGES = _history(
    "statistics.changes",
    Changes,
    (
        "Wat er ten opzichte van de vorige telling veranderde: hoeveel personen er per regio en leverancier bij kwamen "
        "en weggingen, en door welke aanlevering. Exact, dus alleen voor intern gebruik."
    ),
)


class ExclusionsHistory(dy.Schema):
    """One row per region, reason and vintage."""

    year = dy.Int32(primary_key=True, description=_YEAR)
    vintage = vintage_column()
    region_code = dy.String(
        primary_key=True, regex=REGION_PATTERN, description="Centrumregio, of NL voor het hele land, ook zonder regio."
    )
    reason = dy.String(
        primary_key=True,
        check={"allowed": lambda column: column.is_in([reason.reason for reason in exclusion_reasons()])},
        description="Waarom ze niet meetelden.",
    )
    registrations = dy.Int64(min=1, description="Aantal registraties dat om deze reden niet meetelde.")


EXCLUSIONS_HISTORY = _history(
    "statistics.exclusions_history",
    ExclusionsHistory,
    "Hoeveel registraties bij elke telling niet meetelden, per regio en reden.",
)


SELECTED_HISTORY = SELECTED.history
COUNTS_HISTORY = UNIQUE_PERSON_COUNTS.history
COVERAGE_HISTORY = COVERAGE.history
OVERLAP_HISTORY = SUPPLIER_OVERLAP.history
