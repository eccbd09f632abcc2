"""What should not lie in the checkout, but does, is taken by neither git, an image nor a source distribution."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support.services import DEPLOY

ROOT = DEPLOY.parent
SECRET = b"planted" * 3
PLANTED = (
    "pseudonym.key",
    "deploy/pseudonym.key",
    "deploy/pseudonym.key.old",
    "deploy/server.key",
    "deploy/.env",
    "deploy/production.env",
    "deploy/home/deliveries/000001/DAKL_J2024_x.csv",
    "deploy/home/warehouse.duckdb",
    "deploy/dist/dakl.tar.gz",
    "dakl_home/registers/2024/persons.parquet",
    "dakl_pipeline/dakl_home/deliveries/x.csv",
    "docs/coordinators.csv",
    "resources/pseudonym.key",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files of the project with secrets among them, and no git."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        source = ROOT / name
        if source.is_file() and not source.is_symlink():
            (tmp_path / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, tmp_path / "checkout" / name)
    for name in PLANTED:
        (tmp_path / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "checkout" / name).write_bytes(SECRET)
    return tmp_path / "checkout"


@pytest.mark.parametrize("has_git", [False, True])
def test_a_source_distribution_takes_no_secret(has_git: bool, checkout: Path, tmp_path: Path) -> None:
    if has_git:
        subprocess.run(["git", "init", "-q", str(checkout)], check=True)
    code = "import sys; from hatchling.build import build_sdist; print(build_sdist(sys.argv[1]))"
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=checkout, env=own, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        files = [member for member in opened.getmembers() if member.isfile()]
        taken = [each.name for each in files if (file := opened.extractfile(each)) and SECRET in file.read()]
        names = {each.name.partition("/")[2] for each in files}
    assert taken == []
    # What a server needs is there.
    assert {"deploy/dakl.env", "deploy/compose.yaml", "dakl_pipeline/cli/app.py", "pyproject.toml"} <= names


def test_git_takes_no_secret(checkout: Path) -> None:
    subprocess.run(["git", "init", "-q", str(checkout)], check=True)
    subprocess.run(["git", "-C", str(checkout), "add", "--all"], check=True)
    added = subprocess.run(["git", "-C", str(checkout), "ls-files"], capture_output=True, text=True, check=True)
    names = added.stdout.splitlines()
    assert [name for name in names if name in PLANTED] == []
    assert "deploy/dakl.env" in names


def test_the_builder_of_an_image_gets_what_the_recipe_copies_and_nothing_else() -> None:
    lines = (DEPLOY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    recipe = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    copied = [word for line in recipe if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert rules[0] == "*"
    assert sorted(rules[1:]) == sorted(f"!{word}" for word in copied)
