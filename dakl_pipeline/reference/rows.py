"""How a reference file is read: the rows of a CSV file as validated objects, each with its line."""

import csv
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from dakl_pipeline.errors import Refused

_LISTED = 3


class Row(BaseModel):
    """A row of a reference file: immutable, and its errors never repeat input.

    Attributes:
        key: The fields of which no two rows have the same values.
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
        place: Where it lies, as an error names it.
        text: What it holds.
    """

    place: str
    text: str


def shipped(name: str) -> File:
    """A reference file of the package, by its name."""
    text = files("dakl_pipeline.reference").joinpath(name).read_text(encoding="utf-8")
    return File(f"dakl_pipeline/reference/{name}", text)


@dataclass(frozen=True)
class CodeList(Generic[R]):
    """The rows of a code list, in the order of the file.

    Attributes:
        place: Where the file lies.
        numbered: The rows, each with the number of its line.
    """

    place: str
    numbered: tuple[tuple[int, R], ...]

    @property
    def rows(self) -> tuple[R, ...]:
        """The rows without their lines."""
        return tuple(row for _, row in self.numbered)

    def at(self, line: int, problem: str) -> str:
        """A problem with the place where it is put right."""
        return f"{self.place}, line {line}: {problem}"

    def digest(self, columns: Collection[str]) -> str:
        """Digest of some columns of the rows, whatever their order."""
        rows = sorted(row.model_dump_json(include=set(columns)) for row in self.rows)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def refuse(problems: Collection[str]) -> None:
    """Raise an error that tells the first problems, if there are any.

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
        model: What a row is; its fields are the columns, in any order.

    Raises:
        Refused: If the columns or a row cannot be; it names file, line and column, and says what to do.
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
    """The records with the line on which each begins."""
    reader = csv.reader(StringIO(file.text, newline=""), strict=True)
    begin = 1
    try:
        for values in reader:
            yield begin, values
            begin = reader.line_num + 1
    except csv.Error:
        refuse([f"{file.place}, line {begin}: it is not readable as CSV: look at its quotes"])


def _what(model: type[Row], error: Any) -> str:
    field = str(error["loc"][0]) if error["loc"] else ""
    # What a check of this project says is safe to show; other texts may quote what was given.
    if error["type"] == "value_error":
        text = str(error["ctx"]["error"])
        return f"{field}: {text}" if field else text
    known = model.model_fields.get(field)
    expected = known.description if known and known.description else f"another value ({error['type']})"
    return f"{field} cannot be: write {expected}"
