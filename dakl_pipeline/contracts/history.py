"""Contracts of the history: what the figures were after each count, and who came and went.

Belongs here: tables that grow by a vintage with every count that changes something. Does not belong here: the figures
as they are now (``statistics``).
"""

import dataframely as dy

from dakl_pipeline.contracts.columns import REGION_PATTERN, Table
from dakl_pipeline.contracts.statistics import UNIQUE_PERSON_COUNTS, UniquePersonCounts

ALL_SUPPLIERS = "*"
_YEAR = "Verslagjaar."
_VINTAGE = "Volgnummer van de telling binnen het verslagjaar, vanaf 1."


class Runs(dy.Schema):
    """One row per vintage."""

    year = dy.Int32(primary_key=True, description=_YEAR)
    vintage = dy.Int32(primary_key=True, min=1, description=_VINTAGE)
    counted_at = dy.Datetime(time_zone="UTC", time_unit="us", description="Wanneer er geteld is (UTC).")
    run_id = dy.String(description="De run in Dagster.")
    reason = dy.String(description="Waarom er opnieuw geteld is.")
    key_id = dy.String(description="Willekeurig kenmerk van de sleutel waarmee gepseudonimiseerd is.")
    files = dy.Int64(min=0, description="Aantal geselecteerde bestanden.")
    persons = dy.Int64(min=0, description="Aantal verschillende personen in het hele land, exact.")
    versions = dy.String(description="Versies van programma, regels, code en gegevens (JSON).")


RUNS = Table(
    name="statistics.runs",
    asset=UNIQUE_PERSON_COUNTS.asset,
    schema=Runs,
    description="Elke telling die iets veranderde: wanneer, waarom en waarmee. Eén rij per telling.",
    is_person_level=False,
)


class CountsHistory(dy.Schema):
    """One row per cell and vintage."""

    year = dy.Int32(primary_key=True, description=_YEAR)
    vintage = dy.Int32(primary_key=True, min=1, description=_VINTAGE)
    region_code = dy.String(
        primary_key=True, regex=REGION_PATTERN, description=UniquePersonCounts.columns()["region_code"].description
    )
    dimension = dy.String(primary_key=True, description=UniquePersonCounts.columns()["dimension"].description)
    category = dy.String(primary_key=True, description=UniquePersonCounts.columns()["category"].description)
    persons = dy.Int64(min=1, description=UniquePersonCounts.columns()["persons"].description)


COUNTS_HISTORY = Table(
    name="statistics.unique_person_counts_history",
    asset=UNIQUE_PERSON_COUNTS.asset,
    schema=CountsHistory,
    description="De aantallen zoals ze na elke telling waren. Exact, dus alleen voor intern gebruik.",
    is_person_level=False,
)


class Changes(dy.Schema):
    """One row per region and supplier in which something changed, and one per region for all suppliers."""

    year = dy.Int32(primary_key=True, description=_YEAR)
    vintage = dy.Int32(primary_key=True, min=1, description=_VINTAGE)
    region_code = dy.String(primary_key=True, regex=REGION_PATTERN, description="Centrumregio, of NL.")
    supplier_id = dy.String(
        primary_key=True, description=f"Leverancier; {ALL_SUPPLIERS} voor de regio als geheel, ontdubbeld."
    )
    delivery_before = dy.String(nullable=True, description="Aanlevering die bij de vorige telling meetelde.")
    delivery_after = dy.String(nullable=True, description="Aanlevering die bij deze telling meetelt.")
    persons_came = dy.Int64(
        min=0, description="Personen die in de regio geteld zijn en de vorige keer niet, met een verblijf hier."
    )
    persons_went = dy.Int64(
        min=0, description="Personen die in de regio de vorige keer geteld waren en nu niet, met een verblijf hier."
    )


CHANGES = Table(
    name="statistics.changes",
    asset=UNIQUE_PERSON_COUNTS.asset,
    schema=Changes,
    description=(
        "Wat er ten opzichte van de vorige telling veranderde: hoeveel personen er per regio en leverancier bij kwamen "
        "en weggingen, en door welke aanlevering. Exact, dus alleen voor intern gebruik."
    ),
    is_person_level=False,
)
HISTORY_TABLES = (RUNS, COUNTS_HISTORY, CHANGES)
