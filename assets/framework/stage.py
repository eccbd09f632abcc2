"""What a stage declares, may use and returns.

A stage can use only what it declares: a table, source, setting, key or earlier vintage that it does not name is
refused. So a rerun compares everything that an outcome can depend on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO

import polars as pl

from assets.framework.metadata import Metadata
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.deliveries import DELIVERED_FILES
from dakl_pipeline.contracts.registers import Register
from dakl_pipeline.deliveries.log import Delivery, Entry
from dakl_pipeline.errors import DaklError
from dakl_pipeline.history.provenance import Vintage
from dakl_pipeline.privacy.pseudonyms import PseudonymKey
from dakl_pipeline.reference.code_lists import replaced_lists
from dakl_pipeline.reference.methodology import Methodology
from dakl_pipeline.statistics.checks import CheckOutcome
from dakl_pipeline.statistics.register_checks import RegisterFinding
from resources.config import fingerprint
from resources.storage.delivery_store import DeliveryStore
from resources.storage.history_store import HistoryStore
from resources.storage.register_store import RegisterStore
from resources.storage.stage_store import StageStore


class UndeclaredInput(DaklError):
    """A stage used an input that it does not declare: a bug in the program, after which nothing is written."""


@dataclass(frozen=True)
class Stores:
    """The stores that hold the inputs of all stages.

    Attributes:
        stages: Tables of earlier stages.
        history: The vintages so far.
        deliveries: The delivery log.
        registers: The register files.
    """

    stages: StageStore
    history: HistoryStore
    deliveries: DeliveryStore
    registers: RegisterStore


@dataclass(frozen=True)
class Output:
    """The output of a stage.

    Attributes:
        frames: The rows of this year, per table of the stage.
        rows_in: Number of rows that the stage received.
        checks: Outcome of every check that the stage declares, beside those of the contracts.
        excluded: Number of rows that were excluded, by reason.
        notes: Further details about the run.
    """

    frames: Mapping[Table, pl.DataFrame]
    rows_in: int
    checks: Mapping[str, CheckOutcome] = field(default_factory=dict)
    excluded: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class EarlierVintage:
    """A history table that a stage reads from the newest vintage of an earlier year.

    Attributes:
        table: A table of the history.
        years_back: How many years before the year of the run, at least 1.
    """

    table: Table
    years_back: int = 1


@dataclass(frozen=True)
class Stage:
    """A stage of the DAG.

    Attributes:
        tables: Tables it makes together, all or none.
        reads: The tables it may read.
        group: Group in the Dagster UI.
        kinds: Technologies, shown as icons in the Dagster UI.
        run: Makes the tables.
        sources: Keys of the external assets that it may read.
        settings: Names of the settings of the statistic that it may use.
        earlier: Vintages of earlier years that it may read.
        uses_key: Whether it may use the secret key.
        source_fingerprints: Digests of what it reads from its sources, by name.
        describe: Metadata for the Dagster UI per table, shown before the metadata that every table has; also called
            when the stage was not run again. It gets the inputs and the vintages of the year.
        checks: Checks beside those of the contracts: name and what must hold.
        code: Functions that it uses without naming them, because the framework calls them.
        records_vintage: Whether this stage completes the year, so that the year becomes a vintage.
    """

    tables: tuple[Table, ...]
    reads: Sequence[Table]
    group: str
    kinds: frozenset[str]
    run: Callable[["Inputs"], Output]
    sources: Sequence[str] = ()
    settings: Sequence[str] = ()
    earlier: Sequence[EarlierVintage] = ()
    uses_key: bool = False
    source_fingerprints: Callable[["Inputs"], Mapping[str, str]] = lambda inputs: {}
    describe: Callable[["Inputs", HistoryStore], Mapping[Table, Metadata]] = lambda inputs, history: {}
    checks: Mapping[str, str] = field(default_factory=dict)
    code: Sequence[Callable[..., object]] = ()
    records_vintage: bool = False

    @property
    def upstream(self) -> list[str]:
        """Keys of the assets it reads."""
        return [*(table.asset for table in self.reads), *self.sources]

    @property
    def code_version(self) -> str:
        """Fingerprint of all code that the stage can reach and that can change its outcome; 12 characters."""
        return self._reach.fingerprint[:12]

    def replaced_code_lists(self) -> dict[str, str]:
        """Digests of the code lists that it can reach and that the home replaces, by name."""
        return {name: digest for name, digest in replaced_lists().items() if f"{name}.csv" in self._reach.files}

    # Following all code takes tenths of a second.
    @cached_property
    def _reach(self) -> fingerprint.Reach:
        return fingerprint.code().reach(self.run, self.source_fingerprints, self.tables, self.code, without=self.reads)

    @property
    def name(self) -> str:
        """Name of the stage: that of its first asset."""
        return self.tables[0].asset


class Inputs:
    """The inputs of a stage: what it declares, for the year of the run.

    Args:
        stage: The stage.
        year: Reporting year of this run.
        stores: The stores that hold them.
        key: The secret key.
        methodology: All settings of the statistic.

    Raises:
        UndeclaredInput: By every member, if the stage does not declare the input.
    """

    def __init__(self, stage: Stage, year: int, stores: Stores, key: PseudonymKey, methodology: Methodology) -> None:
        self.year = year
        self._stage = stage
        self._stores = stores
        self._key = key
        self._methodology = methodology

    def read(self, table: Table) -> pl.DataFrame:
        """The rows of a table for the year."""
        self._require(table in self._stage.reads, f"table {table.name}", "reads")
        return self._stores.stages.read(table, self.year)

    def read_matching(self, table: Table, column: str, values: pl.Series) -> pl.DataFrame:
        """The rows of the year in which a column has one of the values; for registers of the whole country."""
        self._require(table in self._stage.reads, f"table {table.name}", "reads")
        return self._stores.stages.read_matching(table, self.year, column, values)

    def read_earlier(self, earlier: EarlierVintage) -> pl.DataFrame | None:
        """The rows of a history table in the newest vintage of an earlier year; None when that year has none."""
        vintage = self._earlier_vintage(earlier)
        return None if vintage is None else self._stores.history.read(vintage, earlier.table)

    @cached_property
    def log(self) -> list[Entry]:
        """The delivery log, read once: the fingerprint and the run use the same entries."""
        self._require_source(DELIVERED_FILES)
        return self._stores.deliveries.entries()

    @contextmanager
    def open_delivery(self, delivery: Delivery) -> Iterator[BinaryIO]:
        """The file of a delivery, verified to be the one that was received."""
        self._require_source(DELIVERED_FILES)
        with self._stores.deliveries.open_verified(delivery) as file:
            yield file

    def read_register(self, register: Register) -> pl.DataFrame:
        """The register of the year, as supplied."""
        self._require_source(register.source_asset)
        return self._stores.registers.read(register, self.year)

    def register_digest(self, register: Register) -> str:
        """SHA-256 of the file of a register."""
        self._require_source(register.source_asset)
        return self._stores.registers.digest(register, self.year)

    def register_findings(self, register: Register) -> list[RegisterFinding]:
        """Findings about a register, also from comparison with other years, on which no row of this year depends."""
        self._require_source(register.source_asset)
        return self._stores.registers.findings(register, self.year, years=self._methodology.reporting_years)

    @property
    def key(self) -> PseudonymKey:
        """The secret key."""
        self._require(self._stage.uses_key, "the key", "uses_key")
        return self._key

    @property
    def key_id(self) -> str:
        """The random id of the key, which reveals nothing about it."""
        return self._stores.stages.key_id(self._key.check_value)

    @cached_property
    def methodology(self) -> Methodology:
        """The settings of the statistic that the stage declares."""
        return _declared_settings(self._stage, self._methodology)

    def fingerprints(self) -> dict[str, str]:
        """Everything that the outcome of the stage depends on: code, code lists, settings, key, sources, tables."""
        named = {"code": self._stage.code_version}
        named |= {f"code list {name}": digest for name, digest in self._stage.replaced_code_lists().items()}
        named |= {f"setting {name}": self._setting(name) for name in self._stage.settings}
        if self._stage.uses_key:
            named["key"] = self.key_id
        named |= self._stage.source_fingerprints(self)
        record = self._stores.stages.record(self.year)
        # A missing table is reported when the stage reads it.
        named |= {table.name: stored.sha256 for table in self._stage.reads if (stored := record.table(table.name))}
        return named | {
            f"{earlier.table.name} of {self.year - earlier.years_back}": str(vintage.number)
            for earlier in self._stage.earlier
            if (vintage := self._earlier_vintage(earlier))
        }

    def _setting(self, name: str) -> str:
        value: Any = self._methodology.model_dump(mode="json", include={name})[name]
        return str(value)

    def _earlier_vintage(self, earlier: EarlierVintage) -> Vintage | None:
        self._require(earlier in self._stage.earlier, f"{earlier.table.name} of an earlier year", "earlier")
        return self._stores.history.newest(self.year - earlier.years_back)

    def _require_source(self, key: str) -> None:
        self._require(key in self._stage.sources, f"source {key}", "sources")

    def _require(self, is_declared: bool, what: str, where: str) -> None:
        if not is_declared:
            raise _undeclared(self._stage, what, where)


def _declared_settings(stage: Stage, methodology: Methodology) -> Methodology:
    """The settings that a stage declares; access to any other is refused."""

    class DeclaredSettings(Methodology):
        def __getattr__(self, name: str) -> object:
            # Python calls this for missing attributes: the settings that were removed.
            if name in Methodology.model_fields:
                raise _undeclared(stage, f"setting {name}", "settings")
            raise AttributeError(name)

    declared = DeclaredSettings(**dict(methodology))
    for name in Methodology.model_fields.keys() - set(stage.settings):
        del declared.__dict__[name]
    return declared


def _undeclared(stage: Stage, what: str, where: str) -> UndeclaredInput:
    return UndeclaredInput(
        f"stage {stage.name} uses {what} and does not declare it: name it in its `{where}`; nothing was written"
    )
