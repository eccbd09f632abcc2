"""A home under any name, even one that libraries mistake for a pattern or a URL; other names are refused at once."""

import shutil
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.contracts.history import RUNS
from dakl_pipeline.contracts.registers import REGISTERS
from resources.config.home import Home
from resources.storage.history_store import HistoryStore
from resources.storage.register_store import RegisterStore
from resources.storage.warehouse import Warehouse
from resources.workflows.opened_home import OpenedHome
from tests.support.small_home import ANNA, counted_home, deliver, delivery, keep_no_events, row, run

NAMES = (
    "monitor [vertrouwelijk]",
    "monitor%20dakloosheid",
    "klaar?",
    "klaar?mode=ro&x=1",
    "a*b",
    "**",
    "{x}",
    "o'brien",
    'a"b',
    "#1",
    "naïef 2024",
    "~x",
    "~",
    " spatie ",
    "-rf",
    "a;b",
    "a&b",
    "a|b",
    "$HOME",
    "${HOME}",
    "file:x",
    "s3:",
    ":memory:",
    "a\\b",
    "%41%",
    "env: X",
    "<b>",
    "日本",
    "x" * 120,
)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which 2023 was counted once and 2024 twice."""
    return counted_home(tmp_path_factory.mktemp("counted"))


def _beside(folder: Path, name: str) -> set[str]:
    return {path.name for path in folder.iterdir()} - {name}


@pytest.mark.parametrize("name", NAMES)
def test_every_store_works(name: str, counted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(counted, tmp_path / name, ignore=shutil.ignore_patterns("dagster", "warehouse.duckdb"))
    before = _beside(tmp_path, name)
    # To some libraries a relative path with a leading tilde or scheme means another place.
    monkeypatch.chdir(tmp_path)
    home = Home(Path(name))

    history, warehouse = HistoryStore(home.history), Warehouse(home.warehouse)
    assert warehouse.refresh(history) == [2023, 2024]
    assert warehouse.refresh(history) == []
    warehouse.verify()
    assert warehouse.years() == history.years() == [2023, 2024]
    registers = RegisterStore(home.registers)
    assert [registers.integrity_errors(register, 2024) for register in REGISTERS] == [[]] * 4
    assert registers.read(REGISTERS[0], 2024).height == 4
    assert not OpenedHome(home).years.year_status(2024).pending_changes
    assert _beside(tmp_path, name) == before


def test_a_pattern_does_not_read_what_is_beside_it(counted: Path, tmp_path: Path) -> None:
    """The vintages of ``a*b`` do not include those of ``axb``."""
    for name in ("a*b", "axb", "a[x]b"):
        shutil.copytree(counted, tmp_path / name)
    home = Home(tmp_path / "a*b")
    shutil.rmtree(tmp_path / "axb" / "history" / "2024" / "00001")
    home.warehouse.unlink()
    Warehouse(home.warehouse).refresh(HistoryStore(home.history))
    assert Warehouse(home.warehouse).read(RUNS)["vintage"].to_list() == [1, 1, 2]


@pytest.mark.parametrize("name", ["klaar?mode=ro [vertrouwelijk]%20#1", "-a*b 'o' \"c\" {x} \\ $HOME;&~"])
def test_every_command_works(
    name: str,
    counted: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(counted, tmp_path / name)
    before = _beside(tmp_path, name)
    home = Path(f"{tmp_path / name}/")
    keep_no_events(home)
    file = delivery(tmp_path_factory.mktemp("in"), "DAKL_J2024_c.csv", row(ANNA))
    assert deliver(home, file, "gemeente-almelo") == 0
    assert run(home, 2024) == 0
    here = f"--home={home}"
    out = home / "exports"
    for command in (
        ["deliveries"],
        ["figures", "--year=2024"],
        ["export", "statistics.unique_person_counts", f"--out={out / 'counts.xlsx'}"],
        ["report", "--supplier=gemeente-almelo", "--year=2024"],
        ["explain-figure", "--year=2024", "--region=NL", "--json"],
        ["mails"],
        ["doctor"],
    ):
        assert main([*command, here]) == 0, (command, capsys.readouterr())
    assert _beside(tmp_path, name) == before

    backup, restored = tmp_path / "backup [1].tar.gz", tmp_path / f"{name} ?"
    assert main(["backup", f"--out={backup}", here]) == 0
    assert main(["restore", str(backup), f"--home={restored}"]) == 0
    capsys.readouterr()
    assert main(["figures", "--year=2024", f"--home={restored}"]) == 0
    assert "CR" in capsys.readouterr().out


def test_a_link_to_a_home_is_that_home(counted: Path, tmp_path: Path) -> None:
    (tmp_path / "link?").symlink_to(counted)
    assert main(["figures", "--year=2024", "--home", str(tmp_path / "link?")]) == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a\nb", "cannot be shown"),
        ("a\tb", "cannot be shown"),
        ("a\u202eb", "cannot be shown"),
        ("a\x1b[2Jb", "cannot be shown"),
        ("a\udcffb", "cannot be shown"),
        ("a\u2028b", "cannot be shown"),
        ("/".join(["x" * 200] * 2), "longer than 400 bytes"),
        ("é" * 200, "longer than 400 bytes"),
    ],
)
@pytest.mark.parametrize("command", ["key create", "deliveries", "doctor", "run --all", "ui", "demo"])
def test_a_name_that_cannot_be_is_refused_by_name(
    name: str, said: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), "--home", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "--home or DAKL_HOME" in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
