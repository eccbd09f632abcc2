"""The technical check of one delivered file, line by line, and the rows of a file that passes."""

import csv
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

REFERENCE = Path(__file__).parents[2] / "dakl_pipeline" / "reference"

COLUMNS = (
    "aanmaakdatum",
    "gemeentecode",
    "bsn",
    "type_opvang",
    "startdatum",
    "einddatum",
    "meldingsdatum",
    "reden_einde",
    "v_nummer",
)
BASIC_SET = 6  # the columns up to and including the end date


@dataclass(frozen=True)
class Row:
    """One registration as delivered: codes of four digits, BSN of nine digits or empty, V-number or empty."""

    gemeente_code: str
    bsn: str
    type_code: str
    start: date
    end: date | None
    v_number: str


class RejectedError(Exception):
    """The file, or a value in it, does not pass the technical check."""


@cache
def reference_rows(name: str) -> list[dict[str, str]]:
    """The rows of a reference file, every value as text."""
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def placeholders(kind: str) -> set[str]:
    """The placeholder numbers, which belong to nobody."""
    return {row["value"] for row in reference_rows("placeholder_number.csv") if row["kind"] == kind}


METHODOLOGY = tomllib.loads((REFERENCE / "methodology.toml").read_text(encoding="utf-8"))
_TYPES = reference_rows("shelter_type.csv")
_END_REASONS = {row["code"] for row in reference_rows("end_reason.csv")}


def year_of_name(file_name: str) -> int | None:
    """The reporting year in a file name; None when the name is not ``DAKL_J<year>_<free text>.csv``."""
    match = re.fullmatch(r"DAKL_J([0-9]{4})_([A-Za-z0-9 ._-]{1,100})\.csv", file_name)
    return int(match[1]) if match else None


def read_delivered_file(path: Path) -> list[Row] | None:
    """The rows of a file that passes the technical check; None for a file that does not."""
    year = year_of_name(path.name)
    if year is None or year not in METHODOLOGY["reporting_years"]:
        return None
    try:
        return _rows(path.read_bytes(), year)
    except RejectedError:
        return None


def _rows(content: bytes, year: int) -> list[Row]:
    content = content.removeprefix(b"\xef\xbb\xbf")
    if any(byte > 127 for byte in content):
        raise RejectedError
    lines = [line.removesuffix("\r") for line in content.decode("ascii").split("\n")]
    while lines and set(lines[-1]) <= set('; \t"'):  # what a spreadsheet leaves of emptied rows
        lines.pop()
    if len(lines) < 2:  # no header, or a header and no rows
        raise RejectedError
    header = [re.sub("[ _-]", "", name).lower() for name in _fields(lines[0])]
    expected = [name.replace("_", "") for name in COLUMNS]
    if header not in (expected, expected[:BASIC_SET]):
        raise RejectedError
    return [_row(_fields(line), len(header), year) for line in lines[1:]]


def _fields(line: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=";", strict=True), [])
    except csv.Error as error:
        raise RejectedError from error


def _row(fields: list[str], width: int, year: int) -> Row:
    if len(fields) != width:
        raise RejectedError
    value = dict(zip(COLUMNS, fields + [""] * (len(COLUMNS) - width), strict=True))
    _date(value["aanmaakdatum"], year)
    if value["meldingsdatum"]:
        _date(value["meldingsdatum"], year)
    if value["reden_einde"] and value["reden_einde"] not in _END_REASONS:
        raise RejectedError
    if value["v_nummer"] and not re.fullmatch("[0-9]{10}", value["v_nummer"]):
        raise RejectedError
    type_code = _code(value["type_opvang"])
    if type_code not in _type_codes(year):
        raise RejectedError
    return Row(
        gemeente_code=_code(value["gemeentecode"]),
        bsn=_bsn(value["bsn"]),
        type_code=type_code,
        start=_date(value["startdatum"], year),
        end=_date(value["einddatum"], year) if value["einddatum"] else None,
        v_number="" if value["v_nummer"] in placeholders("v_number") else value["v_nummer"],
    )


def _type_codes(year: int) -> set[str]:
    return {
        row["code"]
        for row in _TYPES
        if (row["valid_from_year"] == "" or int(row["valid_from_year"]) <= year)
        and (row["valid_to_year"] == "" or int(row["valid_to_year"]) >= year)
    }


def _date(text: str, year: int) -> date:
    if text == f"{year}-31-12":  # the one swap that the webinar prints
        return date(year, 12, 31)
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise RejectedError
    try:
        return date(int(text[:4]), int(text[5:7]), int(text[8:]))
    except ValueError as error:
        raise RejectedError from error


def _code(text: str) -> str:
    if not re.fullmatch("[0-9]{1,4}", text):
        raise RejectedError
    return text.zfill(4)


def _bsn(text: str) -> str:
    if text and not re.fullmatch("[0-9]{8,9}", text):
        raise RejectedError
    return text.zfill(9) if text else ""
