"""The rule catalogue: the layout of a delivery and every rule with its texts, as validated objects."""

import tomllib
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Severity = Literal["error", "warning", "notice"]
ColumnSet = Literal["basic", "optional"]

# The words that suppliers read on a terminal, in a mail and in a report.
SEVERITIES: dict[Severity, str] = {"error": "fout", "warning": "waarschuwing", "notice": "aandachtspunt"}

# Stands for the reporting year in a text if it is unknown.
UNKNOWN_YEAR = "<verslagjaar>"

# Placeholders allowed in a message: none can contain a value from a delivered row.
SAFE_PLACEHOLDERS = frozenset(
    {
        "column",
        "days",
        "expected",
        "found",
        "how_to",
        "kind",
        "limit",
        "meant",
        "names",
        "other_percentage",
        "other_row",
        "percentage",
        "position",
        "previous",
        "separator",
        "windows",
        "year",
        "years",
    }
)
# Placeholders for analysts only, because they name other suppliers.
ANALYST_PLACEHOLDERS = SAFE_PLACEHOLDERS | {"other", "supplier", "suppliers"}


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class DeliveredColumn(_Entry):
    """A column of a delivery (assumption A1): its header name and the set it belongs to."""

    name: str
    column_set: ColumnSet
    source: str


class Rule(_Entry):
    """One rule of the intake.

    Attributes:
        id: stable identifier, as it appears in findings.
        level: 0 format, 1 within the file, 2 against earlier deliveries, 3 against registers.
        severity: ``error`` rejects the file, ``warning`` and ``notice`` are shown with an approved file.
        columns: delivered columns that are each tested; empty if the rule is about a whole row or file.
        tests: the condition that the rule tests (Dutch).
        title: short name (Dutch).
        message: text of a finding (Dutch), with placeholders of ``SAFE_PLACEHOLDERS`` only.
        action: what to do (Dutch); may hold ``{year}``.
        actor: who does it.
        audience: ``analyst`` if suppliers may never see a finding, because it names another supplier.
        column_set: ``optional`` if the rule needs the optional columns.
        from_year: first reporting year to which the rule applies, if any.
        to_year: last reporting year to which the rule applies, if any.
        source: where the rule comes from.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    level: Literal[0, 1, 2, 3]
    severity: Severity
    columns: tuple[str, ...] = ()
    tests: str
    title: str
    message: str
    action: str
    actor: Literal["leverancier", "softwareleverancier", "CBS"]
    audience: Literal["supplier", "analyst"] = "supplier"
    column_set: ColumnSet = "basic"
    from_year: int | None = None
    to_year: int | None = None
    source: str

    @model_validator(mode="after")
    def _only_safe_placeholders(self) -> "Rule":
        shown = ANALYST_PLACEHOLDERS if self.audience == "analyst" else SAFE_PLACEHOLDERS
        for text, allowed in ((self.message, shown), (self.action, frozenset({"year"}))):
            names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
            if not names <= allowed:
                raise ValueError(f"rule {self.id}: a text uses a placeholder that is not known to be safe")
        return self

    def what_to_do(self, year: int | None) -> str:
        """Return the action, for a file of this reporting year."""
        return self.action.format(year=UNKNOWN_YEAR if year is None else year)

    def applies_to(self, year: int | None) -> bool:
        """Return whether the rule applies to this reporting year (for an unknown year, every rule applies)."""
        return year is None or (self.from_year or year) <= year <= (self.to_year or year)


class Catalogue(_Entry):
    """The whole catalogue.

    Attributes:
        version: version of the rules, stored with each verdict.
        separator: the character between fields (assumption A1).
        closing_words: first words of a line that closes a list and is no registration.
        column: the delivered columns in their fixed order.
        rule: every rule, in the order of the documentation.
    """

    version: str
    separator: str = Field(min_length=1, max_length=1)
    closing_words: tuple[str, ...]
    column: tuple[DeliveredColumn, ...]
    rule: tuple[Rule, ...]

    @model_validator(mode="after")
    def _is_consistent(self) -> "Catalogue":
        names = [column.name for column in self.column]
        ids = [rule.id for rule in self.rule]
        if len(set(names)) != len(names) or len(set(ids)) != len(ids):
            raise ValueError("every column and every rule appears once in the catalogue")
        optional = {column.name for column in self.column if column.column_set == "optional"}
        for rule in self.rule:
            if not set(rule.columns) <= set(names):
                raise ValueError(f"rule {rule.id} names a column that is not delivered")
            if rule.columns and set(rule.columns) <= optional and rule.column_set == "basic":
                raise ValueError(f"rule {rule.id} looks only at optional columns: its column_set is optional")
        return self

    def columns(self, column_set: ColumnSet) -> tuple[str, ...]:
        """Return the column names of a file with the basic or the optional set, in order."""
        return tuple(c.name for c in self.column if column_set == "optional" or c.column_set == "basic")


@cache
def catalogue() -> Catalogue:
    """Return the rule catalogue in the package.

    Raises:
        pydantic.ValidationError: if the catalogue is inconsistent.
    """
    text = files("dakl_pipeline.reference").joinpath("rules.toml").read_text(encoding="utf-8")
    return Catalogue.model_validate(tomllib.loads(text))


@cache
def rules_by_id() -> dict[str, Rule]:
    """Return all rules by id."""
    return {rule.id: rule for rule in catalogue().rule}
