"""The contracts of the tables, and the lists of these tables."""

from types import ModuleType

from dakl_pipeline.contracts import deliveries, history, registers, statistics, stays
from dakl_pipeline.contracts.columns import Table


def _tables_of(module: ModuleType) -> list[Table]:
    """The tables whose contract is in a module, in order of definition."""
    tables = [value for value in vars(module).values() if isinstance(value, Table)]
    return [table for table in tables if table.schema.__module__ == module.__name__]


# The tables that the stages make.
TABLES = {
    table.name: table
    for table in (
        *_tables_of(deliveries),
        *(register.table for register in registers.REGISTERS),
        *_tables_of(stays),
        *_tables_of(statistics),
    )
}
# The tables that make up a vintage: a register that changes no stay makes no new vintage.
VINTAGE_TABLES = {name: table for name, table in TABLES.items() if table not in [r.table for r in registers.REGISTERS]}
# The tables kept with every vintage: the changes, and the rows of every table that keeps its history.
HISTORY_TABLES = (
    *_tables_of(history),
    *(table.history for table in TABLES.values() if table.keeps_history),
)
# The tables in the warehouse, for analysts.
WAREHOUSE_TABLES = {table.name: table for table in (*TABLES.values(), *HISTORY_TABLES) if table.is_in_warehouse}
