"""The people of a random population, and the registers, which know most of them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.oracle.count import is_usable_bsn
from tests.oracle.delivered_file import METHODOLOGY

YEARS: tuple[int, ...] = tuple(METHODOLOGY["reporting_years"])

AGE_BOUNDS = (0, 17, 18, 22, 23, 27, 28, 39, 40, 49, 50, 64, 65, 90)
SEXES = ("man", "vrouw")
ORIGINS = ("nederland", "nederland-ouders-buitenland", "europa", "buiten-europa")
INCOMES = ("werk", "bijstand", "overige-uitkering", "pensioen", "studiefinanciering", "geen-inkomen")


@dataclass(frozen=True)
class Resident:
    """A person whom a supplier may register: with a BSN, with V-numbers, or with both."""

    bsn: str | None
    v_numbers: tuple[str, ...]
    birth: date


def random_bsn(rng: random.Random) -> str:
    """A number that passes the eleven test; often with a leading zero."""
    while True:
        bsn = rng.choice(("0", "", "")) + str(rng.randrange(10**7, 10**8))
        bsn = (bsn + str(rng.randrange(10)))[:9].zfill(9)
        if is_usable_bsn(bsn):
            return bsn


def random_residents(rng: random.Random, number: int) -> list[Resident]:
    """People with a BSN, with V-numbers or with both, many of them on the edge of an age class."""
    residents = []
    for _ in range(number):
        has_bsn = rng.random() < 0.85
        has_v_number = not has_bsn or rng.random() < 0.35
        v_numbers = tuple(
            str(rng.randrange(10**9, 10**10)) for _ in range(rng.choice((1, 1, 2)) if has_v_number else 0)
        )
        residents.append(Resident(random_bsn(rng) if has_bsn else None, v_numbers, _birth(rng)))
    return residents


def _birth(rng: random.Random) -> date:
    born = rng.choice(YEARS) - rng.choice(AGE_BOUNDS)
    return rng.choice((date(born, 12, 31), date(born, 1, 1), date(born, 2, 28), date(born, 7, 1)))


def write_registers(rng: random.Random, residents: Sequence[Resident], year: int, folder: Path) -> None:
    """Write the four registers of a year, with gaps: missing people and unknown characteristics."""
    folder.mkdir(parents=True)

    def maybe(value: object) -> object:
        return value if rng.random() < 0.88 else None

    citizens = [r for r in residents if r.bsn is not None] + [
        Resident(random_bsn(rng), (), date(1980, 1, 1))
    ]  # the register also knows people whom no supplier registered
    born = [r for r in citizens if r.birth.year <= year]
    persons = [
        {
            "bsn": r.bsn,
            "birth_date": maybe(r.birth),
            "sex": maybe(rng.choice(SEXES)),
            "origin": maybe(rng.choice(ORIGINS)),
        }
        for r in born
        if rng.random() < 0.85
    ]
    links = [{"v_number": v, "bsn": r.bsn} for r in citizens for v in r.v_numbers if rng.random() < 0.65]
    income = [{"bsn": r.bsn, "income_source": maybe(rng.choice(INCOMES))} for r in citizens if rng.random() < 0.7]
    flags = (True, False)
    care = [
        {"bsn": r.bsn, "wmo": maybe(rng.choice(flags)), "wlz": maybe(rng.choice(flags))}
        for r in citizens
        if rng.random() < 0.5
    ]
    text, flag = pa.string(), pa.bool_()
    schemas = {
        "persons": ([("bsn", text), ("birth_date", pa.date32()), ("sex", text), ("origin", text)], persons),
        "v_numbers": ([("v_number", text), ("bsn", text)], links),
        "income": ([("bsn", text), ("income_source", text)], income),
        "care": ([("bsn", text), ("wmo", flag), ("wlz", flag)], care),
    }
    for name, (columns, rows) in schemas.items():
        pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(columns)), folder / f"{name}.parquet")
