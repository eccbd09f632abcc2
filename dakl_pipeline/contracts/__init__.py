"""Contracts of the tables, one per table, and the lists of them.

Belongs here: what each table holds. Does not belong here: how a table is made (``steps``) or kept (``resources``).
"""

from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.history import HISTORY_TABLES
from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.contracts.statistics import COVERAGE, SUPPLIER_OVERLAP, UNIQUE_PERSON_COUNTS, UNIQUE_PERSONS
from dakl_pipeline.contracts.stays import ASSESSED_STAYS, ENRICHED_STAYS, PSEUDONYMISED_STAYS, REGIONAL_STAYS

# What the stages make.
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
# What analysts find in the warehouse: that, without the registers of the whole country, and the history.
WAREHOUSE_TABLES = {table.name: table for table in (*TABLES.values(), *HISTORY_TABLES) if table.is_in_warehouse}
