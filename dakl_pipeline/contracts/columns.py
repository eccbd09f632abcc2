"""The vocabulary of the table contracts: a table, its columns' lineage, and columns that several tables share.

Belongs here: what a contract is made of. Does not belong here: the contract of one table.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import dataframely as dy
import polars as pl

from dakl_pipeline.reference import centrumregios

PSEUDONYM_PATTERN = "^[0-9a-f]{64}$"
REGION_PATTERN = f"^({'|'.join(region.code for region in centrumregios())}|NL)$"


def lineage(*columns: str) -> dict[str, Any]:
    """Column metadata that names where a column comes from.

    Args:
        columns: Upstream columns as ``<asset>.<column>``.
    """
    return {"lineage": columns}


def text_from(
    allowed: Collection[str] | Callable[[], Collection[str]],
    *,
    description: str,
    nullable: bool = False,
    metadata: dict[str, Any] | None = None,
) -> dy.String:
    """A text column that holds only values of a code list.

    Args:
        allowed: The code list; a function of one that a home can replace.
        description: What the column holds, in Dutch.
        nullable: Whether it may be empty.
        metadata: Lineage, from :func:`lineage`.
    """
    return dy.String(
        nullable=nullable,
        check={"allowed": lambda column: column.is_in(list(allowed() if callable(allowed) else allowed))},
        description=description,
        metadata=metadata,
    )


def pseudonym(*, description: str, nullable: bool = False, metadata: dict[str, Any] | None = None) -> dy.String:
    """A column of pseudonyms: 64 lower-case hexadecimal characters, HMAC-SHA-256."""
    return dy.String(regex=PSEUDONYM_PATTERN, nullable=nullable, description=description, metadata=metadata)


@dataclass(frozen=True)
class Table:
    """The contract of one warehouse table: single source for validation, schema, lineage and data dictionary.

    Attributes:
        name: ``<schema>.<table>`` in the warehouse.
        asset: Key of the asset that holds it, a noun for what it holds.
        schema: Columns with types, allowed values, nullability, description (Dutch) and lineage.
        description: What one row is and how the table is made, in Dutch, for an analyst.
        is_person_level: Whether a row is about one person or stay; such a table never leaves the warehouse.
        is_in_warehouse: Whether analysts find it in the warehouse; the registers of the whole country stay outside.
        extends: The table whose rows and columns this one passes on, if any: their lineage is column to column.
    """

    name: str
    asset: str
    schema: type[dy.Schema]
    description: str
    is_person_level: bool
    is_in_warehouse: bool = True
    extends: "Table | None" = None

    # Asked thousands of times when the definitions load; to make them each time takes a fifth of a second.
    @cached_property
    def columns(self) -> Mapping[str, dy.Column]:
        """The columns in order."""
        return MappingProxyType(self.schema.columns())

    @property
    def column_names(self) -> list[str]:
        """The names of the columns in order."""
        return list(self.columns)

    @property
    def sort_by(self) -> list[str]:
        """The key of the table, which is also the order of every export."""
        return self.schema.primary_key()

    @property
    def polars_schema(self) -> pl.Schema:
        """Column names with their Polars types."""
        return pl.Schema({name: column.dtype for name, column in self.columns.items()})

    def lineage(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """For every column the upstream ``(asset, column)`` pairs."""
        return {name: self._upstream(name, column) for name, column in self.columns.items()}

    def _upstream(self, name: str, column: dy.Column) -> tuple[tuple[str, str], ...]:
        if self.extends is not None and name in self.extends.columns:
            return ((self.extends.asset, name),)
        pairs = (dep.split(".") for dep in (column.metadata or {}).get("lineage", ()))
        return tuple((asset, upstream) for asset, upstream in pairs)


@dataclass(frozen=True)
class ContractVerdict:
    """Outcome of holding a frame against a contract.

    Attributes:
        rows: Number of rows looked at.
        failures: Number of rows that break each rule; the rule's name as key, never a value.
    """

    rows: int
    failures: Mapping[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every row keeps every rule."""
        return not self.failures


def hold_against(schema: type[dy.Schema], frame: pl.DataFrame) -> ContractVerdict:
    """Hold a frame against a contract.

    Args:
        schema: The contract.
        frame: Any frame; columns are compared by name and type, values by the rules.

    Returns:
        The verdict. A missing or extra column or a wrong type is the failure of every row, so that it is seen even
        when there are none.
    """
    expected = {name: column.dtype for name, column in schema.columns().items()}
    wrong = {
        f"{name}|type" for name in expected.keys() | frame.schema.keys() if expected.get(name) != frame.schema.get(name)
    }
    if wrong:
        return ContractVerdict(frame.height, {name: max(frame.height, 1) for name in sorted(wrong)})
    _, failure = schema.filter(frame)
    return ContractVerdict(frame.height, dict(sorted(failure.counts().items())))
