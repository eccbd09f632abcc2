"""Contracts of the warehouse tables, one per table, and the list of all of them.

Belongs here: what each table holds. Does not belong here: how a table is made (``steps``) or kept (``resources``).
"""

from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.contracts.statistics import COVERAGE, SUPPLIER_OVERLAP, UNIQUE_PERSON_COUNTS, UNIQUE_PERSONS
from dakl_pipeline.contracts.stays import ASSESSED_STAYS, ENRICHED_STAYS, PSEUDONYMISED_STAYS, REGIONAL_STAYS

TABLES = {
    table.name: table
    for table in (
        SELECTED,
        *(register.table for register in REGISTERS),
        PSEUDONYMISED_STAYS,
        ENRICHED_STAYS,
        REGIONAL_STAYS,
        ASSESSED_STAYS,
        UNIQUE_PERSONS,
        UNIQUE_PERSON_COUNTS,
        COVERAGE,
        SUPPLIER_OVERLAP,
    )
}
