"""Plausibility checks of a person register that satisfies its contract: complete, of its year, and about real persons.

No message holds a value of a row.
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
    """A rule for person registers.

    Attributes:
        name: Name of the check.
        registers: The registers that it checks.
        columns: The columns that it checks, as far as a register has them.
        severity: Whether the register is refused (fault), or the finding is only reported (warning).
        threshold: Share of rows at which a finding is reported (``empty_values``), or below which it is (``size``).
        min_rows: Registers with fewer rows are not checked: what is odd in many rows is not in a few.
        message: The finding, with ``{all}``, ``{rows}``, ``{column}`` and ``{year}``.
        to_do: What to do about it.
        source: Where the rule comes from.
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
    """The rules of ``reference/register_rules.toml``, for each column the most severe first."""
    text = files("dakl_pipeline.reference").joinpath("register_rules.toml").read_text(encoding="utf-8")
    return tuple(RegisterRule.model_validate(rule) for rule in tomllib.loads(text)["rule"])


@dataclass(frozen=True)
class RegisterSize:
    """The measures by which two years of a register are compared.

    Attributes:
        rows: Number of rows.
        sha256: Digest of the file.
    """

    rows: int
    sha256: str


@dataclass(frozen=True)
class RegisterProfile(RegisterSize):
    """The profile of a register, which holds no row of it.

    Attributes:
        empty: Number of rows without a value, by column.
        distinct: Number of distinct values, by column.
        placeholders: Number of rows with a placeholder number.
    """

    empty: Mapping[str, int]
    distinct: Mapping[str, int]
    placeholders: int


@dataclass(frozen=True)
class RegisterFinding:
    """A finding about a register.

    Attributes:
        severity: Whether the register is refused for it.
        found: The finding.
        to_do: What to do about it.
    """

    severity: Literal["fault", "warning"]
    found: str
    to_do: str


def profile_register(register: Register, frame: pl.LazyFrame, *, sha256: str) -> RegisterProfile:
    """Make the profile of a register in one pass.

    Args:
        register: The register.
        frame: The register as supplied, with the types of its contract.
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
    """Apply the rules to a register.

    Args:
        register: The register.
        profile: Its profile.
        others: The measures of the other years, by year.

    Returns:
        The findings in the order of the rules; per check and column only the most severe.
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
    """The columns or years that break a rule, each with the values for its message."""
    columns = [name for name in rule.columns if name in profile.empty]
    match rule.name:
        case "no_rows":
            # Rows with a placeholder number are left out, so they do not count as rows.
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
