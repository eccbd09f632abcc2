"""An export replaces an earlier export and nothing else, and never lands among the state of a home."""

from pathlib import Path

import polars as pl
import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.presentation.exports import FORMATS
from tests.support.small_home import deliver, delivery, make_home, row, run

TABLE = "statistics.coverage"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    made = make_home(folder)
    assert deliver(made, delivery(folder, "DAKL_J2024_a.csv", row()), "mo-a") == 0
    assert run(made, 2024) == 0
    return made


def _export(home: Path, out: Path, table: str = TABLE) -> int:
    return main(["export", table, "--out", str(out), "--home", str(home)])


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_export_is_repeated_with_the_same_outcome(suffix: str, home: Path, tmp_path: Path) -> None:
    out = tmp_path / f"out{suffix}"
    assert _export(home, out) == 0
    first = out.read_bytes()
    assert _export(home, out) == 0
    assert out.read_bytes() == first
    (tmp_path / f"empty{suffix}").touch()
    assert _export(home, tmp_path / f"empty{suffix}") == 0
    # Another table may take the place of this one.
    assert _export(home, out, "statistics.unique_person_counts") == 0
    assert out.read_bytes() != first


@pytest.mark.parametrize("suffix", FORMATS)
def test_any_other_file_is_left_alone(
    suffix: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = {
        "letter": b"a letter",
        "binary": b"\xff\xfe\x00",
        "delivery": delivery(tmp_path, "DAKL_J2024_a.csv", row()).read_bytes(),
        "other": FORMATS[suffix](pl.DataFrame({"year": [2024], "name": ["x"]}), None),
    }
    for name, content in others.items():
        out = tmp_path / f"{name}{suffix}"
        out.write_bytes(content)
        assert _export(home, out) == 1, name
        assert "no earlier export" in capsys.readouterr().err
        assert out.read_bytes() == content


@pytest.mark.parametrize(
    "place",
    [
        "coordinators.csv",
        "new.csv",
        "registers/2024/persons.parquet",
        "registers/2024/new.parquet",
        "deliveries/000001/new.csv",
        "audit/000999/new.csv",
        "reference/centrumregio.csv",
        "exports/../stages/x.csv",
    ],
)
def test_nothing_lands_among_the_state_of_a_home(place: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "exports").mkdir(exist_ok=True)
    before = _moments(home)
    assert _export(home, home / place) == 1
    assert "among the files of the home" in capsys.readouterr().err
    assert _moments(home) == before


def _moments(home: Path) -> dict[Path, int]:
    """When each file of a home was written, but for the audit log: it knows the attempt too."""
    files = (path for path in home.rglob("*") if path.is_file() and home / "audit" not in path.parents)
    return {path: path.stat().st_mtime_ns for path in files}


def test_a_folder_of_exports_in_the_home_may_be_used(home: Path) -> None:
    assert _export(home, home / "exports" / "c.csv") == _export(home, home / "exports" / "c.csv") == 0


def test_a_link_or_a_folder_is_not_replaced(home: Path, tmp_path: Path) -> None:
    assert _export(home, tmp_path / "good.csv") == 0
    (tmp_path / "link.csv").symlink_to(tmp_path / "good.csv")
    (tmp_path / "folder.csv").mkdir()
    assert _export(home, tmp_path / "link.csv") == _export(home, tmp_path / "folder.csv") == 1
    assert (tmp_path / "link.csv").is_symlink()
