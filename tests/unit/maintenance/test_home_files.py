"""Which files a backup keeps: a list of known names in known places."""

import os
from pathlib import Path

import pytest

from resources.maintenance.home_files import files_below, is_kept, is_left_out, open_plain

KEPT = (
    "home.json",
    "settings.toml",
    "coordinators.csv",
    "deliveries/000001/entry.json",
    "deliveries/1000000/link.json",
    "deliveries/000001/DAKL_J2024_Almelo v2.csv",
    "deliveries/000001/delivered-file",
    "deliveries/explanations/000001/entry.json",
    "deliveries/explanations/2024/gemeente-almelo/000001.json",
    "audit/000001/entry.json",
    "registers/2024/persons.parquet",
    "stages/keys.json",
    "history/2024/00001/vintage.json",
    "history/2024/00001/statistics.runs.parquet",
    "reports/2024/gemeente-almelo/000001-op-orde.html",
    "reports/unknown/gemeente-almelo/000001-mail.eml",
    "mails/failed-run-0f1e.eml",
    "reference/age_class.csv",
    "dagster/history/runs.db",
    "dagster/history/runs/0f1e-2d.db",
)
LEFT_OUT = (
    "pseudonym.key",
    "warehouse.duckdb",
    "stages/2024/record.json",
    "stages/2024/persons.unique.0123456789abcdef.parquet",
    "dagster/dagster.yaml",
    "dagster/workspace.yaml",
    "dagster/history/runs.db-wal",
)
UNKNOWN = (
    "notes.txt",
    "sitecustomize.py",
    "evil.pth",
    ".env",
    "dagster/.env",
    "dagster/__init__.py",
    "dagster/history/x.py",
    "dagster/dagster.yaml.d/x",
    "polars/__init__.py",
    "deliveries/../pseudonym.key",
    "deliveries/000001/../../x.csv",
    "deliveries/000001/a/b.csv",
    "deliveries/000000/entry.json",
    "deliveries/000001/.hidden",
    "/deliveries/000001/entry.json",
    "./home.json",
    "home.json\n",
    "registers/2024/other.parquet",
    "registers/2024/persons.parquet/x",
    "reports/2024/Almelo/000001-mail.eml",
    "reports/2024/almelo/evil.html",
    "reference/evil.py",
    "history/2024/00001/evil.py",
    "stages/2024/evil.py",
    "mails/evil.html",
)


@pytest.mark.parametrize("name", KEPT)
def test_a_file_of_a_home_is_kept(name: str) -> None:
    assert is_kept(name)
    assert not is_left_out(name)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_the_key_and_what_is_made_again_is_left_out(name: str) -> None:
    assert not is_kept(name)
    assert is_left_out(name)


@pytest.mark.parametrize("name", UNKNOWN)
def test_anything_else_is_unknown(name: str) -> None:
    assert not is_kept(name)
    assert not is_left_out(name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "home"
    (root / "registers" / "2024").mkdir(parents=True)
    (root / "registers" / "2024" / "persons.parquet").write_bytes(b"persons")
    return root


def test_links_pipes_and_strangers_are_named_and_hidden_files_are_not(root: Path, tmp_path: Path) -> None:
    folder = root / "registers" / "2024"
    (folder / "income.parquet").symlink_to(folder / "persons.parquet")
    os.mkfifo(folder / "care.parquet")
    (folder / "notes.txt").touch()
    (folder / ".writing-x").touch()
    (root / "registers" / "2023").symlink_to(tmp_path)
    kept, unknown = files_below(root, "registers")
    assert kept == ["registers/2024/persons.parquet"]
    assert unknown == [f"registers/{name}" for name in ("2023", *(f"2024/{n}" for n in _OTHERS))]


_OTHERS = ("care.parquet", "income.parquet", "notes.txt")


def test_a_folder_of_the_home_may_be_on_another_disk(root: Path, tmp_path: Path) -> None:
    (root / "registers").rename(tmp_path / "other disk")
    (root / "registers").symlink_to(tmp_path / "other disk")
    assert files_below(root, "registers") == (["registers/2024/persons.parquet"], [])
    with open_plain(root, "registers/2024/persons.parquet") as file:
        assert file.read() == b"persons"


@pytest.mark.parametrize("replaced", ["registers/2024/persons.parquet", "registers/2024"])
def test_what_became_a_link_after_it_was_listed_is_not_read(root: Path, tmp_path: Path, replaced: str) -> None:
    (root / replaced).rename(tmp_path / "elsewhere")
    (root / replaced).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError):
        open_plain(root, "registers/2024/persons.parquet")


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "registers" / "2024" / "care.parquet")
    with pytest.raises(FileNotFoundError):
        open_plain(root, "registers/2024/care.parquet")
