"""The person registers as files: ``registers/<year>/<name>.parquet``.

Belongs here: reading and recognising them. Does not belong here: their contract and pseudonymisation.
"""

from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from dakl_pipeline.contracts.registers import Register
from dakl_pipeline.errors import Missing, Refused
from resources.files import digest_of


class RegisterStore:
    """Reads registers; never writes.

    Args:
        root: The folder with a folder per year.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def digest(self, register: Register, year: int) -> str:
        """SHA-256 of the register file, 64 hexadecimal characters.

        Raises:
            Missing: If the file is not there.
        """
        return digest_of(self.require(register, year))

    def read(self, register: Register, year: int) -> pl.DataFrame:
        """Read the columns of the contract; other columns in the file stay unread.

        Raises:
            Missing: If the file is not there.
            Refused: If it is not readable as Parquet or a column cannot be of the type that the contract gives.
        """
        path = self.require(register, year)
        types = {name: column.dtype for name, column in register.source.columns().items()}
        try:
            lazy = pl.scan_parquet(path, glob=False)
            present = [name for name in types if name in lazy.collect_schema()]
            return lazy.select(pl.col(name).cast(types[name]) for name in present).collect()
        except (PolarsError, OSError):
            # The library's own message may quote a value.
            raise Refused(
                f"{path} is not readable as the register {register.name}: replace it by a good copy"
            ) from None

    def faults(self, register: Register, year: int) -> list[str]:
        """What is wrong with a register, from its footer alone, which is written last: a half file has none.

        Returns:
            A line for each fault; nothing when it is well, or not there.
        """
        path = self._path(register, year)
        try:
            present = pl.scan_parquet(path, glob=False).collect_schema().names()
        except FileNotFoundError:
            return []
        except (PolarsError, OSError):
            return [f"{path} is not readable as Parquet"]
        missing = [name for name in register.source.columns() if name not in present]
        return [f"{path} has no column {', '.join(missing)}"] if missing else []

    def require(self, register: Register, year: int) -> Path:
        """The path of a register.

        Raises:
            Missing: If the file is not there.
        """
        path = self._path(register, year)
        if not self.is_there(register, year):
            raise Missing(f"there is no register {register.name} for {year}: put it at {path}")
        return path

    def is_there(self, register: Register, year: int) -> bool:
        """Whether there is a file."""
        return self._path(register, year).is_file()

    def _path(self, register: Register, year: int) -> Path:
        return self._root / str(year) / f"{register.name}.parquet"
