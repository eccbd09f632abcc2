"""The person registers as files: ``registers/<year>/<name>.parquet``."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from dakl_pipeline.contracts.registers import Register, wrong_types
from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.statistics.register_checks import RegisterFinding, RegisterSize, evaluate_register, profile_register
from resources.config.home import refuse_link
from resources.storage.files import digest_of


class RegisterStore:
    """Reads registers; never writes.

    Args:
        root: The folder with one folder per year.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        # Registers of the whole country are large: digest a file again only when it changed.
        self._digests: dict[tuple[Path, int, int, int], str] = {}

    def digest(self, register: Register, year: int) -> str:
        """SHA-256 of the register file, 64 hexadecimal characters.

        Raises:
            Missing: If the file does not exist.
        """
        path = self.require(register, year)
        status = path.stat()
        file = (path, status.st_ino, status.st_size, status.st_mtime_ns)
        if file not in self._digests:
            self._digests[file] = digest_of(path)
        return self._digests[file]

    def read(self, register: Register, year: int) -> pl.DataFrame:
        """Read the columns of the contract; other columns in the file are ignored.

        Raises:
            Missing: If the file does not exist.
            Refused: If it is not readable as Parquet, or a column does not fit the type in the contract.
        """
        path = self.require(register, year)
        try:
            schema = pl.scan_parquet(path, glob=False).collect_schema()
            wrong = wrong_types(register, schema)
            if not wrong:
                return self._typed(register, path).collect()
        except (PolarsError, OSError):
            # The library's own message may quote a value.
            raise _unreadable(path, register) from None
        raise Refused(f"{path}: {'; '.join(wrong)}: write the register again with these types")

    def size(self, register: Register, year: int) -> RegisterSize | None:
        """The size of a register, for comparison with other years; None when it is missing or unreadable."""
        path = self._path(register, year)
        try:
            rows = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
            return RegisterSize(rows, digest_of(path))
        except (PolarsError, OSError):
            return None

    def findings(self, register: Register, year: int, *, years: Iterable[int]) -> list[RegisterFinding]:
        """The findings about an existing register with the right types.

        Args:
            register: The register.
            year: Its year.
            years: The years to compare it with.

        Raises:
            Missing: If the file does not exist.
            Refused: If it cannot be read.
        """
        path = self.require(register, year)
        sizes = {other: self.size(register, other) for other in years if other != year}
        others = {other: size for other, size in sizes.items() if size is not None}
        try:
            profile = profile_register(register, self._typed(register, path), sha256=digest_of(path))
        except (PolarsError, OSError):
            raise _unreadable(path, register) from None
        return evaluate_register(register, profile, others)

    def integrity_errors(self, register: Register, year: int) -> list[str]:
        """Faults of a register, found from its footer alone, which is written last: an incomplete file has none.

        Returns:
            A line for each fault; empty when there is none, or when the file does not exist.
        """
        path = self._path(register, year)
        try:
            schema = pl.scan_parquet(path, glob=False).collect_schema()
        except FileNotFoundError:
            return []
        except (PolarsError, OSError):
            return [f"{path} is not readable as Parquet"]
        missing = [name for name in register.source.columns() if name not in schema]
        columns = [f"has no column {', '.join(missing)}"] if missing else []
        return [f"{path}: {fault}" for fault in (*columns, *wrong_types(register, schema))]

    def require(self, register: Register, year: int) -> Path:
        """The path of an existing register.

        Raises:
            Missing: If the file does not exist.
            Refused: If it is a link.
        """
        path = self._path(register, year)
        if not self.is_there(register, year):
            raise Missing(f"there is no register {register.name} for {year}: put it at {path}")
        refuse_link(path)
        return path

    def is_there(self, register: Register, year: int) -> bool:
        """Whether the file exists."""
        return self._path(register, year).is_file()

    @staticmethod
    def _typed(register: Register, path: Path) -> pl.LazyFrame:
        """The columns of the contract that the file has; the cast loses nothing when the types fit the contract."""
        lazy = pl.scan_parquet(path, glob=False)
        types = {name: column.dtype for name, column in register.source.columns().items()}
        return lazy.select(pl.col(name).cast(types[name]) for name in types if name in lazy.collect_schema())

    def _path(self, register: Register, year: int) -> Path:
        return self._root / str(year) / f"{register.name}.parquet"


def _unreadable(path: Path, register: Register) -> Refused:
    return Refused(f"{path} is not readable as the register {register.name}: replace it with a good copy")
