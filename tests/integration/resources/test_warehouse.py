"""The warehouse: the newest vintage of every year, even while the file is open, and made again when damaged."""

import errno
import multiprocessing
import shutil
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

from dakl_pipeline.contracts import TABLES
from dakl_pipeline.contracts.history import CHANGES, COUNTS_HISTORY, RUNS
from dakl_pipeline.contracts.statistics import COVERAGE, UNIQUE_PERSON_COUNTS
from dakl_pipeline.errors import Missing, Refused
from resources.config.home import Home
from resources.storage.files import digest_of
from resources.storage.history_store import HistoryStore
from resources.storage.warehouse import Warehouse
from tests.support.small_home import ANNA, counted_home, deliver, delivery, keep_no_events, row, run


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which 2023 was counted once and 2024 twice."""
    return Home(counted_home(tmp_path_factory.mktemp("counted")))


@pytest.fixture
def home(counted: Home, tmp_path: Path) -> Home:
    """A copy that may be damaged."""
    copy = Home(tmp_path / "home")
    shutil.copytree(counted.root, copy.root)
    keep_no_events(copy.root)
    return copy


def _sync(home: Home) -> list[int]:
    return Warehouse(home.warehouse).refresh(HistoryStore(home.history))


def test_the_newest_vintage_of_every_year_is_shown(counted: Home) -> None:
    warehouse = Warehouse(counted.warehouse)
    assert warehouse.years() == [2023, 2024]
    totals = warehouse.read(UNIQUE_PERSON_COUNTS).filter(region_code="NL", dimension="totaal")
    assert totals.select("year", "persons").rows() == [(2023, 1), (2024, 2)]
    assert warehouse.read(UNIQUE_PERSON_COUNTS, 2023)["year"].unique().to_list() == [2023]
    assert warehouse.read(UNIQUE_PERSON_COUNTS).schema == UNIQUE_PERSON_COUNTS.polars_schema


def test_the_history_tells_who_came_and_went_and_why(counted: Home) -> None:
    warehouse = Warehouse(counted.warehouse)
    runs = warehouse.read(RUNS, 2024)
    assert runs.select("vintage", "files", "persons").rows() == [(1, 1, 2), (2, 1, 2)]
    assert runs["reason"].to_list() == [
        "first count, of 1 files",
        "gemeente-almelo: DAKL_J2024_a.csv (000002) → DAKL_J2024_b.csv (000003)",
    ]
    changes = warehouse.read(CHANGES, 2024).filter(vintage=2).drop("year", "vintage")
    assert changes.sort("region_code", "supplier_id").rows() == [
        ("CR02", "*", None, None, 1, 1),
        ("CR02", "gemeente-almelo", "000002", "000003", 1, 1),
        ("NL", "*", None, None, 1, 1),
        ("NL", "gemeente-almelo", "000002", "000003", 1, 1),
    ]
    kept = warehouse.read(COUNTS_HISTORY, 2024).filter(region_code="NL", category="man", dimension="geslacht")
    assert kept.select("vintage", "persons").rows() == [(1, 1), (2, 1)]


def test_of_what_each_table_was_made_is_in_it_and_no_row_per_person_is(counted: Home) -> None:
    with duckdb.connect(str(counted.warehouse), read_only=True) as connection:
        rows = connection.execute("select distinct table_name, key_id from pipeline.table_versions").fetchall()
        schemas = {name for (name,) in connection.execute("select schema_name from duckdb_schemas()").fetchall()}
    assert len({key for _, key in rows}) == 1
    assert {name for name, _ in rows} == {name for name, table in TABLES.items() if table.sensitivity == "internal"}
    assert not schemas & {"registers", "stays", "persons"}


def test_nothing_to_do(home: Home) -> None:
    before = home.warehouse.stat().st_ino
    assert _sync(home) == []
    assert home.warehouse.stat().st_ino == before


def test_a_lost_file_is_made_anew(home: Home) -> None:
    before = Warehouse(home.warehouse).read(COVERAGE)
    home.warehouse.unlink()
    with pytest.raises(Missing, match="dakl run"):
        Warehouse(home.warehouse).read(COVERAGE)
    assert Warehouse(home.warehouse).years() == []
    assert _sync(home) == [2023, 2024]
    assert Warehouse(home.warehouse).read(COVERAGE).equals(before)


@pytest.mark.parametrize("damage", ["no database", "cut off", "empty"])
def test_a_damaged_file_is_told_and_made_anew(home: Home, damage: str) -> None:
    before = Warehouse(home.warehouse).read(COVERAGE)
    whole = home.warehouse.read_bytes()
    home.warehouse.write_bytes(
        {"no database": b"not a database" * 1000, "cut off": whole[:20_000], "empty": b""}[damage]
    )
    with pytest.raises((Refused, Missing), match="dakl run"):
        Warehouse(home.warehouse).read(COVERAGE)
    assert run(home.root, 2023) == 0
    assert Warehouse(home.warehouse).read(COVERAGE).equals(before)


def test_what_a_shell_wrote_is_gone_after_the_next_run(home: Home) -> None:
    before = Warehouse(home.warehouse).read(COVERAGE)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create table notes_of_an_analyst as select 1 as one")
        connection.execute("update statistics.coverage set value = value + 1 where year = 2023")
    with pytest.raises(Refused, match="was changed or damaged"):
        Warehouse(home.warehouse).verify()
    assert run(home.root, 2024) == 0
    Warehouse(home.warehouse).verify()
    assert Warehouse(home.warehouse).read(COVERAGE).equals(before)
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        assert connection.execute("from duckdb_tables() where table_name like 'notes%'").fetchall() == []


def _no_room(**_: object) -> str:
    raise OSError(28, "No space left on device")


def test_without_room_for_a_copy_the_file_itself_is_read(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Warehouse(home.warehouse).read(COVERAGE)
    monkeypatch.setattr("tempfile.mkdtemp", _no_room)
    assert Warehouse(home.warehouse).read(COVERAGE).equals(before)
    home.warehouse.write_bytes(b"no database" * 1000)
    with pytest.raises(Refused, match=r"no room for a copy.*damaged or a shell"):
        Warehouse(home.warehouse).read(COVERAGE)


def _let_it_be_as_written(home: Home) -> None:
    home.warehouse.with_name(f".{home.warehouse.name}.sha256").write_text(digest_of(home.warehouse))


def test_a_crash_between_the_vintage_and_the_warehouse_is_mended(home: Home, tmp_path: Path) -> None:
    old = tmp_path / "old.duckdb"
    home.warehouse.rename(old)
    _sync(home)
    # The older file: as if the process was killed before the new one was in place.
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("update pipeline.loaded set vintage = 1 where year = 2024")
        connection.execute("delete from statistics.unique_person_counts where year = 2024")
    _let_it_be_as_written(home)
    home.warehouse.with_name(f".{home.warehouse.name}.temporary").write_bytes(b"half")
    assert _sync(home) == [2024]
    assert Warehouse(home.warehouse).read(UNIQUE_PERSON_COUNTS).equals(Warehouse(old).read(UNIQUE_PERSON_COUNTS))
    assert not list(home.root.glob("*.temporary*")) + list(home.root.glob(".*.temporary*"))


def test_a_table_of_another_version_gets_the_columns_of_this_one(home: Home) -> None:
    before = Warehouse(home.warehouse).read(COVERAGE, 2023)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("alter table statistics.coverage add column former integer")
        connection.execute("delete from pipeline.loaded where year = 2024")
    _let_it_be_as_written(home)
    assert _sync(home) == [2024]
    assert Warehouse(home.warehouse).read(COVERAGE, 2023).equals(before)
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        assert connection.table("statistics.coverage").columns == COVERAGE.column_names


def test_a_folder_that_cannot_be_written_leaves_the_last_good_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Warehouse(home.warehouse).read(COVERAGE)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("delete from pipeline.loaded where year = 2024")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("resources.storage.warehouse.sync", full)
    with pytest.raises(Refused, match=r"No space left on device.*last good one stays"):
        _sync(home)
    monkeypatch.undo()
    assert Warehouse(home.warehouse).read(COVERAGE).equals(before)
    left = [*home.root.glob("*.temporary*"), *home.root.glob(".*.temporary*")]
    assert not left, "it would keep the disk full"


def _hold(path: str, is_locked: Event, may_go: Event) -> None:
    with duckdb.connect(path) as connection:
        connection.execute("create table notes_of_an_analyst as select 1 as one")
        is_locked.set()
        may_go.wait(60)


def test_a_shell_that_has_the_file_open_to_write_stops_nobody(home: Home) -> None:
    before = Warehouse(home.warehouse).read(COVERAGE)
    spawn = multiprocessing.get_context("spawn")
    is_locked, may_go = spawn.Event(), spawn.Event()
    shell = spawn.Process(target=_hold, args=(str(home.warehouse), is_locked, may_go))
    shell.start()
    try:
        assert is_locked.wait(60)
        assert Warehouse(home.warehouse).read(COVERAGE).equals(before)
        file = delivery(home.root.parent / "c", "DAKL_J2024_c.csv", row(ANNA))
        assert deliver(home.root, file, "gemeente-almelo") == 0
        assert run(home.root, 2024) == 0
        after = Warehouse(home.warehouse).read(COVERAGE)
        assert not after.equals(before)
    finally:
        may_go.set()
        shell.join(60)
    assert Warehouse(home.warehouse).read(COVERAGE).equals(after)


def test_a_reader_keeps_what_it_opened(home: Home) -> None:
    with duckdb.connect(str(home.warehouse), read_only=True) as reader:
        before = reader.sql("from statistics.unique_person_counts order by all").pl()
        file = delivery(home.root.parent / "c", "DAKL_J2024_c.csv", row(ANNA))
        assert deliver(home.root, file, "gemeente-almelo") == 0
        assert run(home.root, 2024) == 0
        assert reader.sql("from statistics.unique_person_counts order by all").pl().equals(before)
    assert not Warehouse(home.warehouse).read(UNIQUE_PERSON_COUNTS).equals(before)
