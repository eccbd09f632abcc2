"""Diagnoses: the probable causes of many similar findings, in a few sentences about the file.

A sentence contains names of columns and counts, never a value.
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

# Placeholder in a pattern for the number of columns of the file.
_COLUMNS = "COLUMNS"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Form(_Entry):
    """A form that wrong values can have.

    Attributes:
        rules: the rules that find these values.
        pattern: regular expression that the whole value matches.
        columns: the columns to which the form applies; empty: all.
    """

    rules: tuple[str, ...]
    pattern: str
    columns: tuple[str, ...] = ()


class DiagnosisKind(_Entry):
    """A cause of many findings.

    Attributes:
        id: stable identifier.
        all: the sentence (Dutch) if all values of a column have the form; may hold ``{columns}`` and ``{count}``.
        some: the sentence if only some values do; may hold ``{total}`` too. If empty, that case is not reported.
        action: what to do (Dutch).
        actor: who does it.
        source: where the diagnosis comes from.
        form: the forms of values that point to this cause.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    all: str
    some: str = ""
    action: str
    actor: Literal["leverancier", "softwareleverancier", "CBS"]
    source: str
    form: tuple[Form, ...]


class DiagnosisCatalogue(_Entry):
    """All kinds of diagnosis, and the threshold for reporting one.

    Attributes:
        smallest_share: the share of the findings of its rules in a column that a cause must explain.
        diagnosis: the kinds; a value gets the first form that matches.
    """

    smallest_share: float = Field(gt=0, le=1)
    diagnosis: tuple[DiagnosisKind, ...]


@cache
def diagnosis_catalogue() -> DiagnosisCatalogue:
    """Return the catalogue in the package."""
    text = files("dakl_pipeline.reference").joinpath("diagnosis.toml").read_text(encoding="utf-8")
    return DiagnosisCatalogue.model_validate(tomllib.loads(text))


class Diagnosis(BaseModel):
    """One cause, as shown to the supplier.

    Attributes:
        id: identifier of its kind.
        columns: delivered columns in which it was seen; empty if it is about whole lines.
        count: number of values or lines affected.
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
        """Return the cause and what to do about it (Dutch), for a terminal and the first lines of a mail."""
        return f"{self.message} {self.action}"


@dataclass(slots=True)
class Symptoms:
    """Counts the forms of the wrong values in a file, block by block; keeps no value."""

    _rows: int = 0
    # By rule and column.
    _forms: dict[tuple[str, str | None], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # By column: number of registrations with a filled field.
    _filled: Counter[str] = field(default_factory=Counter)

    def count(self, rows: int, registrations: pl.DataFrame) -> None:
        """Count the lines and the filled fields of a block.

        Args:
            rows: number of lines in the block.
            registrations: the lines that could be split; the columns of the file (String), empty fields as ``""``.
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
        # Many rows share a value, so each pattern is matched once per distinct value.
        each = pl.DataFrame({"value": values}).lazy().group_by("value").len()
        found = each.select("len", kind=kinds).drop_nulls().group_by("kind").agg(pl.col("len").sum()).collect()
        self._forms[rule_id, column].update(dict(found.iter_rows()))

    def diagnoses(self, collector: Collector) -> tuple[Diagnosis, ...]:
        """Return the causes of the findings, the cause of most findings first.

        Args:
            collector: all findings on the file; findings that are not shown are not explained.
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
        """Return how many values could have this form: the filled ones, or all rows if the form is emptiness."""
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
    """Return whether the catalogue has forms for values that a rule found wrong in a column."""
    return bool(_forms_of(rule_id, column))


def _in_order(columns: Counter[str | None]) -> list[str | None]:
    names = (None, *catalogue().columns("optional"))
    return [name for name in names if name in columns]
