"""Contracts of the tables, one per table, and the lists of them.

Belongs here: what each table holds. Does not belong here: how a table is made (``statistics``) or kept (``resources``).
"""

from types import ModuleType

from dakl_pipeline.contracts import deliveries, history, registers, statistics, stays
from dakl_pipeline.contracts.columns import Table


def _tables_of(module: ModuleType) -> list[Table]:
    """The tables that a module is the contract of, in the order in which they stand there."""
    tables = [value for value in vars(module).values() if isinstance(value, Table)]
    return [table for table in tables if table.schema.__module__ == module.__name__]


# What the stages make.
TABLES = {
    table.name: table
    for table in (
        *_tables_of(deliveries),
        *(register.table for register in registers.REGISTERS),
        *_tables_of(stays),
        *_tables_of(statistics),
    )
}
# What a vintage is: a register that changes no stay makes no new one.
VINTAGE_TABLES = {name: table for name, table in TABLES.items() if table not in [r.table for r in registers.REGISTERS]}
# What every vintage keeps: what changed, and the rows of the tables of which the history is kept.
HISTORY_TABLES = (
    *_tables_of(history),
    *(table.history for table in TABLES.values() if table.keeps_history),
)
# What analysts find in the warehouse.
WAREHOUSE_TABLES = {table.name: table for table in (*TABLES.values(), *HISTORY_TABLES) if table.is_in_warehouse}
