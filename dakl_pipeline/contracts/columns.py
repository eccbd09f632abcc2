"""The vocabulary of the table contracts: a table, its columns' lineage, and columns that several tables share."""

from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType, new_class
from typing import Any, Literal

import dataframely as dy
import polars as pl

from dakl_pipeline.reference.code_lists import centrumregios
from dakl_pipeline.reference.regions import COUNTRY

# Who may see a row: "identified" holds a BSN or V-number, "person" is about one person or stay, "internal" holds exact
# figures and the log, "public" is safe to publish.
Sensitivity = Literal["identified", "person", "internal", "public"]
# What a column tells about one person: a BSN or V-number ("number"); an exact date, or a place in a delivered file, by
# which whoever has the file or knows the date finds the person ("exact"); a pseudonym; a broad characteristic of a
# person or stay ("personal"); nothing ("open").
ColumnSensitivity = Literal["number", "exact", "pseudonym", "personal", "open"]
_ALLOWED: Mapping[Sensitivity, frozenset[ColumnSensitivity]] = {
    "identified": frozenset(("number", "exact", "pseudonym", "personal", "open")),
    "person": frozenset(("pseudonym", "personal", "open")),
    "internal": frozenset(("open",)),
    "public": frozenset(("open",)),
}
PSEUDONYM_PATTERN = "^[0-9a-f]{64}$"
SUPPLIER_PATTERN = "^[a-z0-9][a-z0-9-]{0,63}$"
REGION_PATTERN = f"^({'|'.join(region.code for region in centrumregios())}|{COUNTRY})$"


def lineage(*columns: str, sensitivity: ColumnSensitivity = "open") -> dict[str, Any]:
    """Column metadata that names the upstream columns, and what the column tells about one person.

    Args:
        columns: Upstream columns as ``<asset>.<column>``.
        sensitivity: What it tells about one person.
    """
    return {"lineage": columns, "sensitivity": sensitivity}


def personal(*columns: str) -> dict[str, Any]:
    """Column metadata of a broad characteristic of a person or stay: see :func:`lineage`."""
    return lineage(*columns, sensitivity="personal")


def text_from(
    allowed: Collection[str] | Callable[[], Collection[str]],
    *,
    description: str,
    nullable: bool = False,
    metadata: dict[str, Any] | None = None,
) -> dy.String:
    """A text column that holds only values of a code list.

    Args:
        allowed: The code list, or a function that returns it if a home can replace it.
        description: Description of the column, in Dutch.
        nullable: Whether it may be empty.
        metadata: Lineage, from :func:`lineage`.
    """
    return dy.String(
        nullable=nullable,
        check={"allowed": lambda column: column.is_in(list(allowed() if callable(allowed) else allowed))},
        description=description,
        metadata=metadata,
    )


def pseudonym(*columns: str, description: str, nullable: bool = False, primary_key: bool = False) -> dy.String:
    """A column of pseudonyms: 64 lower-case hexadecimal characters, HMAC-SHA-256.

    Args:
        columns: Upstream columns as ``<asset>.<column>``.
        description: Description of the column, in Dutch.
        nullable: Whether it may be empty.
        primary_key: Whether it is part of the key of its table.
    """
    return dy.String(
        regex=PSEUDONYM_PATTERN,
        nullable=nullable,
        primary_key=primary_key,
        description=description,
        metadata=lineage(*columns, sensitivity="pseudonym"),
    )


def sensitivity_of(column: dy.Column) -> ColumnSensitivity | None:
    """What a column tells about one person; None when its contract does not say."""
    declared: ColumnSensitivity | None = (column.metadata or {}).get("sensitivity")
    return declared


@dataclass(frozen=True)
class Table:
    """The contract of one table: single source for validation, schema, lineage and data dictionary.

    Attributes:
        name: ``<schema>.<table>`` in the warehouse.
        asset: Key of its asset, a noun for its content.
        schema: Columns with types, allowed values, nullability, description (Dutch) and lineage.
        description: What one row is and how the table is made, in Dutch, for an analyst.
        sensitivity: Who may see a row. Person-level tables stay between the stages: they are never in the warehouse or
            in an export.
        keeps_history: Whether the rows of every vintage are kept, in :attr:`history`.
        extends: The table whose rows this one passes on, if any; each column that both have has that of the other as
            its lineage.

    Raises:
        ValueError: If a column tells more about one person than the sensitivity of the table allows.
    """

    name: str
    asset: str
    schema: type[dy.Schema]
    description: str
    sensitivity: Sensitivity
    keeps_history: bool = False
    extends: "Table | None" = None

    def __post_init__(self) -> None:
        for name, column in self.columns.items():
            # Aggregates are open unless they say otherwise; a table about persons says it of every column.
            default: ColumnSensitivity | None = "open" if self.is_in_warehouse else None
            found = sensitivity_of(column) or default
            if found not in _ALLOWED[self.sensitivity]:
                raise ValueError(f"{self.name}: column {name} ({found}) in a table of sensitivity {self.sensitivity}")

    # Used thousands of times when the definitions load; without the cache that takes a fifth of a second longer.
    @cached_property
    def columns(self) -> Mapping[str, dy.Column]:
        """The columns in order."""
        return MappingProxyType(self.schema.columns())

    @property
    def is_in_warehouse(self) -> bool:
        """Whether analysts find it in the warehouse and can export it."""
        return self.sensitivity in ("internal", "public")

    @cached_property
    def history(self) -> "Table":
        """The contract of its rows in every vintage.

        It has no code lists and patterns: rows that were valid in an earlier vintage stay unchanged.
        """
        assert self.keeps_history
        columns = {name: _without_rules(column) for name, column in self.columns.items()}
        body = {"__module__": self.schema.__module__, "year": columns["year"], "vintage": vintage_column(), **columns}
        return Table(
            name=f"{self.name}_history",
            asset=self.asset,
            schema=new_class(
                f"{self.schema.__name__}History", (dy.Schema,), exec_body=lambda space: space.update(body)
            ),
            description=f"Zoals het na elke telling was: {self.description[0].lower()}{self.description[1:]}",
            sensitivity=self.sensitivity,
        )

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
        """The upstream ``(asset, column)`` pairs of every column."""
        return {name: self._upstream(name, column) for name, column in self.columns.items()}

    def _upstream(self, name: str, column: dy.Column) -> tuple[tuple[str, str], ...]:
        if self.extends is not None and name in self.extends.columns:
            return ((self.extends.asset, name),)
        pairs = (dep.split(".") for dep in (column.metadata or {}).get("lineage", ()))
        return tuple((asset, upstream) for asset, upstream in pairs)


def vintage_column() -> dy.Int32:
    """The number of the vintage, part of the key of every history table."""
    return dy.Int32(primary_key=True, min=1, description="Volgnummer van de telling binnen het verslagjaar, vanaf 1.")


def _without_rules(column: dy.Column) -> dy.Column:
    plain = copy(column)
    plain.check = None
    plain.unique = False
    if isinstance(plain, dy.String):
        plain.regex = None
    return plain


@dataclass(frozen=True)
class ValidationResult:
    """Outcome of validating a frame against a contract.

    Attributes:
        rows: Number of rows validated.
        failures: Number of rows that break each rule, by name of the rule; never a value.
    """

    rows: int
    failures: Mapping[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every row satisfies every rule."""
        return not self.failures


def validate(schema: type[dy.Schema], frame: pl.DataFrame) -> ValidationResult:
    """Validate a frame against a contract.

    Args:
        schema: The contract.
        frame: Any frame; columns are compared by name and type, values by the rules.

    Returns:
        The result. A missing or extra column or a wrong type counts as a failure of every row, and of one row if the
        frame is empty.
    """
    expected = {name: column.dtype for name, column in schema.columns().items()}
    wrong = {
        f"{name}|type" for name in expected.keys() | frame.schema.keys() if expected.get(name) != frame.schema.get(name)
    }
    if wrong:
        return ValidationResult(frame.height, {name: max(frame.height, 1) for name in sorted(wrong)})
    _, failure = schema.filter(frame)
    return ValidationResult(frame.height, dict(sorted(failure.counts().items())))
