"""Contracts of the history: what the figures were after each count, and who came and went.

Belongs here: tables that grow by a vintage with every count that changes something. Does not belong here: the figures
as they are now (``statistics``).
"""

import dataframely as dy

from dakl_pipeline.contracts.columns import REGION_PATTERN, Table
from dakl_pipeline.contracts.deliveries import SelectedDeliveries
from dakl_pipeline.contracts.statistics import UNIQUE_PERSON_COUNTS, Coverage, SupplierOverlap, UniquePersonCounts
from dakl_pipeline.reference import set_aside_reasons

ALL_SUPPLIERS = "*"
_YEAR = "Verslagjaar."
_VINTAGE = "Volgnummer van de telling binnen het verslagjaar, vanaf 1."


def _history(name: str, schema: type[dy.Schema], description: str) -> Table:
    """A table that grows when the last stage is done."""
    return Table(
        name=name, asset=UNIQUE_PERSON_COUNTS.asset, schema=schema, description=description, is_person_level=False
    )


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


RUNS = _history(
    "statistics.runs", Runs, "Elke telling die iets veranderde: wanneer, waarom en waarmee. Eén rij per telling."
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


COUNTS_HISTORY = _history(
    "statistics.unique_person_counts_history",
    CountsHistory,
    "De aantallen zoals ze na elke telling waren. Exact, dus alleen voor intern gebruik.",
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


CHANGES = _history(
    "statistics.changes",
    Changes,
    (
        "Wat er ten opzichte van de vorige telling veranderde: hoeveel personen er per regio en leverancier bij kwamen "
        "en weggingen, en door welke aanlevering. Exact, dus alleen voor intern gebruik."
    ),
)


class SelectedHistory(SelectedDeliveries):
    """One row per supplier and vintage."""

    vintage = dy.Int32(primary_key=True, min=1, description=_VINTAGE)
    # The same delivery counts in many vintages, so here it is not unique.
    delivery_id = dy.String(regex="^[0-9]{6,}$", description=SelectedDeliveries.columns()["delivery_id"].description)


SELECTED_HISTORY = _history(
    "deliveries.selected_history",
    SelectedHistory,
    "De selectie bij elke telling: welk bestand van welke leverancier meetelde.",
)


class SetAsideHistory(dy.Schema):
    """One row per region, reason and vintage."""

    year = dy.Int32(primary_key=True, description=_YEAR)
    vintage = dy.Int32(primary_key=True, min=1, description=_VINTAGE)
    region_code = dy.String(
        primary_key=True, regex=REGION_PATTERN, description="Centrumregio, of NL voor het hele land, ook zonder regio."
    )
    reason = dy.String(
        primary_key=True,
        check={"allowed": lambda column: column.is_in([reason.reason for reason in set_aside_reasons()])},
        description="Waarom ze niet meetelden.",
    )
    registrations = dy.Int64(min=1, description="Aantal registraties dat om deze reden niet meetelde.")


SET_ASIDE_HISTORY = _history(
    "statistics.set_aside_history",
    SetAsideHistory,
    "Hoeveel registraties bij elke telling niet meetelden, per regio en reden.",
)


class CoverageHistory(Coverage):
    """One row per region, measure and vintage."""

    vintage = dy.Int32(primary_key=True, min=1, description=_VINTAGE)


COVERAGE_HISTORY = _history("statistics.coverage_history", CoverageHistory, "De dekking zoals ze na elke telling was.")


class OverlapHistory(SupplierOverlap):
    """One row per region, supplier and vintage."""

    vintage = dy.Int32(primary_key=True, min=1, description=_VINTAGE)


OVERLAP_HISTORY = _history(
    "statistics.supplier_overlap_history",
    OverlapHistory,
    "De overlap van de leveranciers zoals ze na elke telling was. Exact, dus alleen voor intern gebruik.",
)
HISTORY_TABLES = (
    RUNS,
    COUNTS_HISTORY,
    CHANGES,
    SELECTED_HISTORY,
    SET_ASIDE_HISTORY,
    COVERAGE_HISTORY,
    OVERLAP_HISTORY,
)
