"""What lies behind many findings of one kind: a few sentences about a file, before the rows.

A sentence holds the names of columns and counts, never a value.
"""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from dakl_pipeline.intake.catalogue import catalogue
from dakl_pipeline.intake.findings import Collector
from dakl_pipeline.presentation.dutch import number

# In a pattern: the number of columns of the file.
_COLUMNS = "COLUMNS"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Form(_Entry):
    """How wrong values look.

    Attributes:
        rules: the rules that find such values.
        pattern: what the whole value matches.
        columns: the columns in which it means this; empty: in all.
    """

    rules: tuple[str, ...]
    pattern: str
    columns: tuple[str, ...] = ()


class DiagnosisKind(_Entry):
    """A cause that makes many findings.

    Attributes:
        id: stable identifier.
        all: the sentence (Dutch) when all values of a column are so; may hold ``{columns}`` and ``{count}``.
        some: the sentence when only some are; may hold ``{total}`` too. Without one such a case is not told.
        action: what to do (Dutch).
        actor: who does it.
        source: where it comes from.
        form: the forms of values by which it is recognised.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    all: str
    some: str = ""
    action: str
    actor: Literal["leverancier", "softwareleverancier", "CBS"]
    source: str
    form: tuple[Form, ...]


class DiagnosisCatalogue(_Entry):
    """Every kind of diagnosis, and when one is worth telling.

    Attributes:
        smallest_share: of the findings of these rules in a column, the part that the cause must explain.
        diagnosis: the kinds; a value has the first form that fits.
    """

    smallest_share: float = Field(gt=0, le=1)
    diagnosis: tuple[DiagnosisKind, ...]


@cache
def diagnosis_catalogue() -> DiagnosisCatalogue:
    """The catalogue that is delivered with the package."""
    text = files("dakl_pipeline.reference").joinpath("diagnosis.toml").read_text(encoding="utf-8")
    return DiagnosisCatalogue.model_validate(tomllib.loads(text))


class Diagnosis(BaseModel):
    """One cause, as it is told to the supplier.

    Attributes:
        id: identifier of its kind.
        columns: delivered columns in which it was seen; empty where lines as a whole are meant.
        count: how many values or lines are so.
        message: one Dutch sentence, without any value from the file.
        action: what to do (Dutch).
        actor: who does it.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: str
    columns: tuple[str, ...]
    count: int
    message: str
    action: str
    actor: str

    def told(self) -> str:
        """The cause and what to do about it (Dutch), for a terminal and for the first lines of a mail."""
        return f"{self.message} {self.action}"


@dataclass(slots=True)
class Symptoms:
    """Counts the forms of wrong values of a file, block by block; holds no value."""

    _rows: int = 0
    # By rule and column.
    _forms: dict[tuple[str, str | None], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # By column: registrations of which the field is filled.
    _filled: Counter[str] = field(default_factory=Counter)

    def count(self, rows: int, registrations: pl.DataFrame) -> None:
        """Count what could be wrong.

        Args:
            rows: the lines of a block.
            registrations: those that could be split; the columns of the file (String), an empty text where empty.
        """
        self._rows += rows
        empty = registrations.select((pl.col(pl.String) == "").sum()).row(0, named=True)
        self._filled.update({column: registrations.height - number for column, number in empty.items()})

    def examine(self, rule_id: str, column: str | None, values: pl.Series, *, columns: int) -> None:
        """Count the forms of values that a rule found wrong.

        Args:
            rule_id: the rule.
            column: the delivered column; None for whole lines.
            values: the values (String).
            columns: the number of columns of the file.
        """
        forms = _forms_of(rule_id, column)
        if not forms or not values.len():
            return
        kinds = pl.coalesce(
            pl.when(pl.col("value").str.contains(f"^(?:{pattern.replace(_COLUMNS, str(columns))})$")).then(pl.lit(kind))
            for kind, pattern in forms
        )
        # Many rows have the same value: a pattern is tried on each value once.
        each = pl.DataFrame({"value": values}).lazy().group_by("value").len()
        found = each.select("len", kind=kinds).drop_nulls().group_by("kind").agg(pl.col("len").sum()).collect()
        self._forms[rule_id, column].update(dict(found.iter_rows()))

    def diagnoses(self, collector: Collector) -> tuple[Diagnosis, ...]:
        """What lies behind the findings, the cause of most of them first.

        Args:
            collector: every finding of the file; what is not shown of it is not explained.
        """
        shown = {(each.rule, each.column): each.count for each in collector.counts()}
        told = [d for kind in diagnosis_catalogue().diagnosis for d in self._of_kind(kind, shown)]
        return tuple(sorted(told, key=lambda each: -each.count))

    def _of_kind(self, kind: DiagnosisKind, shown: Mapping[tuple[str, str | None], int]) -> list[Diagnosis]:
        counts: Counter[str | None] = Counter()
        faults: Counter[str | None] = Counter()
        for (rule_id, column), forms in self._forms.items():
            if forms[kind.id] and (rule_id, column) in shown:
                counts[column] += forms[kind.id]
                faults[column] += shown[rule_id, column]
        enough = diagnosis_catalogue().smallest_share
        seen = [column for column in _in_order(counts) if counts[column] >= enough * faults[column]]
        whole = [column for column in seen if counts[column] == self._total(kind, column)]
        partly = [column for column in seen if column not in whole]
        told = []
        for text, places in ((kind.all, whole), (kind.some, partly)):
            if text and places:
                count = sum(counts[column] for column in places)
                total = sum(self._total(kind, column) for column in places)
                columns = tuple(column for column in places if column is not None)
                message = text.format(
                    columns=", ".join(columns),
                    count=number(count),
                    total=number(total),
                    are="is" if count == 1 else "zijn",
                )
                told.append(
                    Diagnosis(
                        id=kind.id, columns=columns, count=count, message=message, action=kind.action, actor=kind.actor
                    )
                )
        return told

    def _total(self, kind: DiagnosisKind, column: str | None) -> int:
        """How many values could have this form: the filled ones, unless emptiness is the form."""
        is_about_empty = any("required_empty" in form.rules for form in kind.form)
        return self._rows if column is None or is_about_empty else self._filled[column]


@cache
def _forms_of(rule_id: str, column: str | None) -> tuple[tuple[str, str], ...]:
    return tuple(
        (kind.id, form.pattern)
        for kind in diagnosis_catalogue().diagnosis
        for form in kind.form
        if rule_id in form.rules and (not form.columns or column in form.columns)
    )


def has_forms(rule_id: str, column: str | None) -> bool:
    """Whether anything can be told from the form of values that a rule found wrong in a column."""
    return bool(_forms_of(rule_id, column))


def _in_order(columns: Counter[str | None]) -> list[str | None]:
    names = (None, *catalogue().columns("optional"))
    return [name for name in names if name in columns]
