"""Contracts of the person registers: as supplied (with numbers, outside the warehouse) and pseudonymised."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import dataframely as dy
import polars as pl

from dakl_pipeline.contracts.columns import Table, lineage, personal, pseudonym, text_from
from dakl_pipeline.reference.code_lists import categories, placeholder_numbers
from dakl_pipeline.reference.delivered_files import NumberKind

_YEAR = "Verslagjaar waarvoor het register geldt."
_BSN = "HMAC-SHA-256 van het BSN."
_TEXTS = (pl.String, pl.Categorical, pl.Enum)
# The required types, with what another type would lose.
_MUST_BE: Mapping[pl.DataType, str] = {
    pl.Date(): "a date, without a time: a time can fall on another day in another time zone",
    pl.String(): "text: a number loses its leading zeros",
    pl.Boolean(): "true or false",
}
_NUMBER_PATTERNS = {"bsn": "^[0-9]{9}$", "v_number": "^[0-9]{10}$"}


def _register_values(dimension: str) -> list[str]:
    """The categories of a dimension that a register may hold: all except ``onbekend``."""
    return [c.category for c in categories() if c.dimension == dimension and c.category != "onbekend"]


def _bsn(*, primary_key: bool = True) -> dy.String:
    return dy.String(
        primary_key=primary_key,
        regex=_NUMBER_PATTERNS["bsn"],
        description="BSN, negen cijfers.",
        metadata=lineage(sensitivity="number"),
    )


def _year() -> dy.Int32:
    return dy.Int32(primary_key=True, description=_YEAR, metadata=lineage())


class SourcePersons(dy.Schema):
    """``persons.parquet``: one row per person in the population register."""

    bsn = _bsn()
    birth_date = dy.Date(nullable=True, description="Geboortedatum.", metadata=lineage(sensitivity="exact"))
    sex = text_from(_register_values("geslacht"), nullable=True, description="Geslacht.", metadata=personal())
    origin = text_from(_register_values("herkomst"), nullable=True, description="Herkomst.", metadata=personal())


class SourceVNumbers(dy.Schema):
    """``v_numbers.parquet``: the V-numbers that are linked to a BSN."""

    v_number = dy.String(
        primary_key=True,
        regex=_NUMBER_PATTERNS["v_number"],
        description="V-nummer, tien cijfers.",
        metadata=lineage(sensitivity="number"),
    )
    bsn = _bsn(primary_key=False)


class SourceIncome(dy.Schema):
    """``income.parquet``: main source of income per person."""

    bsn = _bsn()
    income_source = text_from(
        _register_values("inkomstenbron"),
        nullable=True,
        description="Belangrijkste inkomstenbron.",
        metadata=personal(),
    )


class SourceCare(dy.Schema):
    """``care.parquet``: use of care per person."""

    bsn = _bsn()
    wmo = dy.Bool(nullable=True, description="Of de persoon Wmo-ondersteuning had.", metadata=personal())
    wlz = dy.Bool(nullable=True, description="Of de persoon Wlz-zorg had.", metadata=personal())


class PersonRegister(dy.Schema):
    """One row per person."""

    year = _year()
    bsn_pseudonym = pseudonym("persons_file.bsn", primary_key=True, description=_BSN)
    age = dy.Int32(
        nullable=True,
        min=0,
        description="Leeftijd in hele jaren op 31 december van het verslagjaar; leeg: onbekend.",
        metadata=personal("persons_file.birth_date"),
    )
    sex = text_from(
        _register_values("geslacht"), nullable=True, description="Geslacht.", metadata=personal("persons_file.sex")
    )
    origin = text_from(
        _register_values("herkomst"), nullable=True, description="Herkomst.", metadata=personal("persons_file.origin")
    )


class VNumberRegister(dy.Schema):
    """One row per V-number that is linked to a BSN."""

    year = _year()
    v_number_pseudonym = pseudonym(
        "v_numbers_file.v_number", primary_key=True, description="HMAC-SHA-256 van het V-nummer."
    )
    bsn_pseudonym = pseudonym("v_numbers_file.bsn", description=_BSN)


class IncomeRegister(dy.Schema):
    """One row per person."""

    year = _year()
    bsn_pseudonym = pseudonym("income_file.bsn", primary_key=True, description=_BSN)
    income_source = text_from(
        _register_values("inkomstenbron"),
        nullable=True,
        description="Belangrijkste inkomstenbron.",
        metadata=personal("income_file.income_source"),
    )


class CareRegister(dy.Schema):
    """One row per person."""

    year = _year()
    bsn_pseudonym = pseudonym("care_file.bsn", primary_key=True, description=_BSN)
    wmo = dy.Bool(nullable=True, description="Wmo-ondersteuning.", metadata=personal("care_file.wmo"))
    wlz = dy.Bool(nullable=True, description="Wlz-zorg.", metadata=personal("care_file.wlz"))


RegisterName = Literal["persons", "v_numbers", "income", "care"]


@dataclass(frozen=True)
class Register:
    """A register: its file and its pseudonymised table.

    Attributes:
        name: Name of the file without extension, below ``registers/<year>/``.
        source: Contract of the file, with numbers.
        source_description: Description of the file, in Dutch.
        table: Contract of the pseudonymised table.
        numbers: Columns with a number, each with the domain in which it is pseudonymised.
    """

    name: RegisterName
    source: type[dy.Schema]
    source_description: str
    table: Table
    numbers: Mapping[str, Literal["bsn", "v"]]

    @property
    def source_asset(self) -> str:
        """Key of the external asset of the file."""
        return f"{self.name}_file"


REGISTERS = (
    Register(
        name="persons",
        source=SourcePersons,
        source_description="Personenregister (BRP) van het verslagjaar, zoals aangeleverd.",
        table=Table(
            name="registers.persons",
            asset="person_register",
            schema=PersonRegister,
            description=(
                "Personenregister (BRP) met pseudoniemen: leeftijd, geslacht en herkomst. Wordt alleen opnieuw "
                "gemaakt als het register of de sleutel verandert."
            ),
            sensitivity="person",
        ),
        numbers={"bsn": "bsn"},
    ),
    Register(
        name="v_numbers",
        source=SourceVNumbers,
        source_description="Koppeling van V-nummers aan BSN's, zoals aangeleverd.",
        table=Table(
            name="registers.v_numbers",
            asset="v_number_register",
            schema=VNumberRegister,
            description="Koppeling van V-nummers aan BSN's, met pseudoniemen aan beide kanten.",
            sensitivity="person",
        ),
        numbers={"v_number": "v", "bsn": "bsn"},
    ),
    Register(
        name="income",
        source=SourceIncome,
        source_description="Inkomstenregister van het verslagjaar, zoals aangeleverd.",
        table=Table(
            name="registers.income",
            asset="income_register",
            schema=IncomeRegister,
            description="Belangrijkste inkomstenbron per persoon, met pseudoniemen.",
            sensitivity="person",
        ),
        numbers={"bsn": "bsn"},
    ),
    Register(
        name="care",
        source=SourceCare,
        source_description="Zorgregister (Wmo en Wlz) van het verslagjaar, zoals aangeleverd.",
        table=Table(
            name="registers.care",
            asset="care_register",
            schema=CareRegister,
            description="Gebruik van Wmo-ondersteuning en Wlz-zorg per persoon, met pseudoniemen.",
            sensitivity="person",
        ),
        numbers={"bsn": "bsn"},
    ),
)


def wrong_types(register: Register, schema: Mapping[str, pl.DataType]) -> list[str]:
    """The columns of a register with a wrong type, whose conversion could change their values.

    Args:
        register: The register.
        schema: Columns and types of the file; columns outside the contract are ignored.

    Returns:
        A message per column with its type and the required one. Text may be stored as categories, and a nullable column
        may be entirely empty.
    """
    wrong = []
    for name, column in register.source.columns().items():
        found, expected = schema.get(name, column.dtype), column.dtype
        is_text = expected == pl.String and found.base_type() in _TEXTS
        is_empty = column.nullable and found == pl.Null
        if found != expected and not is_text and not is_empty:
            # The full name of a categorical type would show its values.
            wrong.append(f"{name} is {found.base_type().__name__} and must be {_MUST_BE[expected]}")
    return wrong


def is_placeholder(register: Register) -> pl.Expr:
    """Whether a row has a placeholder number: it belongs to nobody, and would merge many people into one person."""
    kinds: Mapping[Literal["bsn", "v"], NumberKind] = {"bsn": "bsn", "v": "v_number"}
    return pl.any_horizontal(
        pl.col(column).is_in(sorted(placeholder_numbers(kinds[domain]))) for column, domain in register.numbers.items()
    ).fill_null(False)
