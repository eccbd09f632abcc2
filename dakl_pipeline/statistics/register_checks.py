"""Whether a person register that keeps its contract can be what it should be: whole, of its year, and of persons.

No text holds a value of a row.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

from dakl_pipeline.contracts.registers import Register, RegisterName, is_placeholder


class RegisterRule(BaseModel):
    """What a person register is looked at for.

    Attributes:
        name: What is looked at.
        registers: The registers it is about.
        columns: The columns it is about, of those that a register has.
        severity: Whether the register is refused, or only told about.
        threshold: The share of rows from which it is said (``empty_values``), or below which (``size``).
        min_rows: A register of fewer rows is not looked at: what is odd in many is not in a few.
        message: What was found, with ``{all}``, ``{rows}``, ``{column}`` and ``{year}``.
        to_do: What to do about it.
        source: Where it comes from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Literal["no_rows", "empty_values", "one_value", "placeholders", "size", "copy"]
    registers: tuple[RegisterName, ...]
    columns: tuple[str, ...] = ()
    severity: Literal["fault", "warning"]
    threshold: float = 0.0
    min_rows: int = 0
    message: str
    to_do: str
    source: str


@cache
def register_rules() -> tuple[RegisterRule, ...]:
    """The rules of ``reference/register_rules.toml``, of a column the worst first."""
    text = files("dakl_pipeline.reference").joinpath("register_rules.toml").read_text(encoding="utf-8")
    return tuple(RegisterRule.model_validate(rule) for rule in tomllib.loads(text)["rule"])


@dataclass(frozen=True)
class RegisterSize:
    """What two years of a register are compared by.

    Attributes:
        rows: Number of rows.
        sha256: Digest of the file.
    """

    rows: int
    sha256: str


@dataclass(frozen=True)
class RegisterProfile(RegisterSize):
    """What is known of a register without a row of it.

    Attributes:
        empty: Rows without a value, by column.
        distinct: Number of different values, by column.
        placeholders: Rows with a number that is nobody's.
    """

    empty: Mapping[str, int]
    distinct: Mapping[str, int]
    placeholders: int


@dataclass(frozen=True)
class RegisterFinding:
    """What a rule found.

    Attributes:
        severity: Whether the register is refused for it.
        found: What was found.
        to_do: What to do about it.
    """

    severity: Literal["fault", "warning"]
    found: str
    to_do: str


def profile_register(register: Register, frame: pl.LazyFrame, *, sha256: str) -> RegisterProfile:
    """Look at a register once.

    Args:
        register: Which it is.
        frame: The register as delivered, of the types of its contract.
        sha256: Digest of its file.
    """
    columns = [name for name in register.source.columns() if name not in register.numbers]
    counted = frame.select(
        pl.len().alias("rows"),
        is_placeholder(register).sum().alias("placeholders"),
        *(pl.col(name).null_count().alias(f"empty {name}") for name in columns),
        *(pl.col(name).drop_nulls().n_unique().alias(f"distinct {name}") for name in columns),
    ).collect(engine="streaming")
    found = counted.row(0, named=True)
    return RegisterProfile(
        rows=found["rows"],
        sha256=sha256,
        empty={name: found[f"empty {name}"] for name in columns},
        distinct={name: found[f"distinct {name}"] for name in columns},
        placeholders=found["placeholders"],
    )


def evaluate_register(
    register: Register, profile: RegisterProfile, others: Mapping[int, RegisterSize]
) -> list[RegisterFinding]:
    """What is odd about a register.

    Args:
        register: Which it is.
        profile: What is known of it.
        others: The same of the other years.

    Returns:
        The findings in the order of the rules; of a column the worst only.
    """
    findings: dict[tuple[str, str], RegisterFinding] = {}
    for rule in register_rules():
        if register.name in rule.registers and profile.rows >= rule.min_rows:
            for about, values in _broken(rule, profile, others):
                found = rule.message.format(all=profile.rows, **values)
                findings.setdefault((rule.name, about), RegisterFinding(rule.severity, found, rule.to_do))
    return list(findings.values())


def _broken(
    rule: RegisterRule, profile: RegisterProfile, others: Mapping[int, RegisterSize]
) -> Iterator[tuple[str, dict[str, str | int]]]:
    """What breaks a rule: the column or year it is about, and what to say of it."""
    columns = [name for name in rule.columns if name in profile.empty]
    match rule.name:
        case "no_rows":
            # What is left out is nobody.
            if profile.rows == profile.placeholders:
                yield "", {}
        case "empty_values":
            for column in columns:
                if profile.rows and profile.empty[column] >= rule.threshold * profile.rows:
                    yield column, {"column": column, "rows": profile.empty[column]}
        case "one_value":
            for column in columns:
                if profile.distinct[column] == 1 and not profile.empty[column]:
                    yield column, {"column": column}
        case "placeholders":
            if profile.placeholders:
                yield "", {"rows": profile.placeholders}
        case "size":
            for year, other in others.items():
                fewer, more = sorted((profile.rows, other.rows))
                if fewer < rule.threshold * more:
                    yield str(year), {"year": year, "rows": other.rows}
        case "copy":
            for year, other in others.items():
                if profile.sha256 == other.sha256:
                    yield str(year), {"year": year}
