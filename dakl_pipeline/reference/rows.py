"""How a reference file is read: rows of a CSV file as validated objects."""

import csv
from importlib.resources import files
from io import StringIO
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Row(BaseModel):
    """A row of a reference file: immutable, and its errors never repeat input."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_none(cls, data: Any) -> Any:
        return {k: (None if v == "" else v) for k, v in data.items()} if isinstance(data, dict) else data


def text_of(name: str) -> str:
    """The text of a reference file of the package."""
    return files("dakl_pipeline.reference").joinpath(name).read_text(encoding="utf-8")


def rows_of(name: str, **renames: str) -> list[dict[str, str]]:
    """The rows of a reference file of the package.

    Args:
        name: Name of the file.
        renames: Its column names with those of the model, where they differ.
    """
    return [{renames.get(k, k): v for k, v in row.items()} for row in csv.DictReader(StringIO(text_of(name)))]
