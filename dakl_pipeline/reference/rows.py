"""Reading a reference file: the rows of a CSV file as validated objects, each with its line."""

import csv
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from dakl_pipeline.errors import Refused

PACKAGE_FOLDER = "dakl_pipeline/reference"
_LISTED = 3
_EXPECTED = {
    "bool": "true or false",
    "date": "a day such as 2025-01-31",
    "float": "a number such as 0.15",
    "greater": "a larger number",
    "int": "a whole number",
    "literal": "one of the values of the list in the package",
    "string": "a text",
}


class Row(BaseModel):
    """A row of a reference file: immutable, with errors that never repeat input.

    Attributes:
        key: The fields that must be unique together.
    """

    key: ClassVar[tuple[str, ...]]

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __init_subclass__(cls, *, key: tuple[str, ...], **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.key = key

    @model_validator(mode="before")
    @classmethod
    def _empty_is_none(cls, data: Any) -> Any:
        return {k: (None if v == "" else v) for k, v in data.items()} if isinstance(data, dict) else data


R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class File:
    """A reference file.

    Attributes:
        place: Its path, as named in errors.
        text: Its content.
    """

    place: str
    text: str


def shipped(name: str) -> File:
    """A reference file of the package, by its name."""
    text = files("dakl_pipeline.reference").joinpath(name).read_text(encoding="utf-8")
    return File(f"{PACKAGE_FOLDER}/{name}", text)


@dataclass(frozen=True)
class CodeList(Generic[R]):
    """The rows of a code list, in the order of the file.

    Attributes:
        place: The path of the file, as named in errors.
        numbered: The rows, each with its line number.
    """

    place: str
    numbered: tuple[tuple[int, R], ...]

    @property
    def rows(self) -> tuple[R, ...]:
        """The rows without their line numbers."""
        return tuple(row for _, row in self.numbered)

    def at(self, line: int, problem: str) -> str:
        """A problem, preceded by the file and line to correct."""
        return f"{self.place}, line {line}: {problem}"

    def digest(self, columns: Collection[str]) -> str:
        """Digest of some columns of the rows, regardless of the order of the rows."""
        rows = sorted(row.model_dump_json(include=set(columns)) for row in self.rows)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def refuse(problems: Collection[str]) -> None:
    """Raise an error with the first problems, if there are any.

    Raises:
        Refused: If there is a problem.
    """
    if problems:
        first, more = list(problems)[:_LISTED], len(problems) - _LISTED
        raise Refused("; ".join(first) + (f"; and {more} more" if more > 0 else ""))


def read_rows(file: File, model: type[R]) -> CodeList[R]:
    """Read a reference file.

    Args:
        file: The file.
        model: The type of a row; its fields are the columns, in any order.

    Raises:
        Refused: If the columns or a row are invalid; names file, line and column, and how to correct them.
    """
    heading = list(model.model_fields)
    lines = _lines(file)
    first = next(lines, (1, []))[1]
    if sorted(first) != sorted(heading):
        refuse([f"{file.place}, line 1: write the columns as {','.join(heading)}"])
    found: list[tuple[int, R]] = []
    problems = []
    keys: dict[tuple[object, ...], int] = {}
    for line, values in lines:
        place = f"{file.place}, line {line}"
        if len(values) != len(heading):
            problems.append(
                f"{place}: it has {len(values)} fields and the first line {len(heading)}: put a text with a comma "
                "between double quotes, and leave no line empty"
            )
            continue
        try:
            each = model.model_validate(dict(zip(first, values, strict=True)))
        except ValidationError as error:
            problems += [f"{place}: {_what(model, each)}" for each in error.errors()]
            continue
        same = keys.setdefault(tuple(getattr(each, field) for field in model.key), line)
        if same != line:
            problems.append(f"{place}: the same {' and '.join(model.key)} as line {same}: keep one of them")
        found.append((line, each))
    if not found and not problems:
        problems.append(f"{file.place}: it has no rows: fill it")
    refuse(problems)
    return CodeList(file.place, tuple(found))


def _lines(file: File) -> Iterator[tuple[int, list[str]]]:
    """The records, each with the line on which it starts."""
    reader = csv.reader(StringIO(file.text, newline=""), strict=True)
    begin = 1
    try:
        for values in reader:
            yield begin, values
            begin = reader.line_num + 1
    except csv.Error:
        refuse([f"{file.place}, line {begin}: it is not readable as CSV: check its quotes"])


def _what(model: type[Row], error: Any) -> str:
    field = str(error["loc"][0]) if error["loc"] else ""
    # Messages of this project's own checks are safe to show; others may quote the value.
    if error["type"] == "value_error":
        text = str(error["ctx"]["error"])
        return f"{field}: {text}" if field else text
    known = model.model_fields.get(field)
    # The library names its checks after a type first: bool_parsing, date_from_datetime_parsing.
    by_type = _EXPECTED.get(error["type"].partition("_")[0], "another value")
    expected = known.description if known and known.description else by_type
    return f"{field} is invalid: write {expected}"
