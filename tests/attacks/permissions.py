"""What other accounts can read, keys that can be guessed, and an export over a register."""

import os
import stat
import subprocess
from pathlib import Path

import duckdb

from tests.attacks.attack import Attacks, Target, row

ATTACKS = Attacks()
_OTHERS = 0o077


def _open_in(folder: Path) -> list[str]:
    """The files and folders that other accounts may read or write."""
    paths = [folder, *folder.rglob("*")]
    return [str(each) for each in paths if not each.is_symlink() and stat.S_IMODE(each.stat().st_mode) & _OTHERS]


def _as_usual() -> None:
    os.umask(0o022)


def _run(target: Target, *arguments: str | Path) -> "tuple[int, str]":
    said = target.run(*arguments, preexec_fn=_as_usual)
    return said.returncode, said.stderr


@ATTACKS.attack("10a", "a key is made in a folder that others can read, and the folder stays so")
def existing_folder(target: Target) -> str | None:
    target.home.mkdir(mode=0o755)
    target.home.chmod(0o755)
    _run(target, "key", "create")
    return f"mode {stat.S_IMODE(target.home.stat().st_mode):o}" if _open_in(target.home) else None


@ATTACKS.attack("10b", "warehouse, history of runs, reports or deliveries can be read by others")
def files_of_a_home(target: Target) -> str | None:
    target.make_home(2024)
    for path in (target.home, *target.home.rglob("*")):
        path.chmod(0o600 if path.name == "pseudonym.key" else 0o755 if path.is_dir() else 0o644)
    file = target.file("DAKL_J2024_een.csv", row())
    _run(target, "deliver", file, "--supplier", "a", "--received-at", "2025-05-01T12:00")
    _run(target, "deliver", file, "--supplier", "a", "--received-at", "2025-05-01T12:00", "--received-why", "a test")
    _run(target, "run", "--year", "2024")
    found = _open_in(target.home)
    return f"{len(found)} files and folders, such as {Path(found[0]).name}" if found else None


@ATTACKS.attack("10c", "a key that others can read or write is used")
def open_key(target: Target) -> str | None:
    target.make_home(2024)
    elsewhere = target.folder / "elsewhere.key"
    elsewhere.write_bytes((target.home / "pseudonym.key").read_bytes())
    target.deliver(target.file("DAKL_J2024_een.csv", row()))
    for path, mode in (
        (target.home / "pseudonym.key", 0o666),
        (target.home / "pseudonym.key", 0o640),
        (elsewhere, 0o604),
    ):
        elsewhere.chmod(0o600)
        path.chmod(mode)
        variables = {"DAKL_PSEUDONYM_KEY_FILE": str(elsewhere)} if path == elsewhere else {}
        if target.run("run", "--year", "2024", variables=variables).returncode == 0:
            return f"a key file of mode {mode:o} is used"
    return None


@ATTACKS.attack("10d", "a key that can be guessed is accepted")
def trivial_key(target: Target) -> str | None:
    target.make_home(2024)
    target.deliver(target.file("DAKL_J2024_een.csv", row()))
    for key in ("0" * 64, "ab" * 32, "0123456789abcdef" * 4, bytes(range(32)).hex(), "123456782" * 7 + "0"):
        if target.run("run", "--year", "2024", variables={"DAKL_PSEUDONYM_KEY": key}).returncode == 0:
            return f"a key of {key[:8]}… is accepted"
    return None


@ATTACKS.attack("10f", "the private copy of the warehouse survives SIGKILL in the folder of temporary files")
def killed_reader(target: Target) -> str | None:
    target.make_home(2024)
    target.deliver(target.file("DAKL_J2024_een.csv", row()))
    target.run("run", "--year", "2024")
    temporary = target.folder / "tmp"
    temporary.mkdir()
    _enlarge(target)
    for _ in range(_TRIES):
        _kill_while_it_copies(target, temporary)
        if found := [path for path in temporary.rglob("*") if path.is_file() and path.stat().st_size]:
            return f"{found[0].name} is left in the folder of temporary files"
    target.run("deliveries")
    left = [path for path in target.home.glob(".*") if path.is_dir() and list(path.rglob("*.duckdb*"))]
    return f"{left[0].name} is left in the home after the next command" if left else None


_TRIES = 3
_LARGE = 5_000_000


def _enlarge(target: Target) -> None:
    """Make the warehouse so large that it takes a while to copy."""
    with duckdb.connect(str(target.home / "warehouse.duckdb")) as connection:
        connection.execute(f"create table filler as select hash(range) as a, hash(range + 1) as b from range({_LARGE})")


def _kill_while_it_copies(target: Target, temporary: Path) -> None:
    """Read figures, and kill the reader as soon as a copy appears."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("DAKL_", "DAGSTER_"))}
    command = [str(target.dakl), "figures", "--year", "2024", "--home", str(target.home)]
    variables, quiet = {**own, "TMPDIR": str(temporary)}, subprocess.DEVNULL
    with subprocess.Popen(command, env=variables, cwd=target.folder, stdout=quiet, stderr=quiet) as process:
        while process.poll() is None:
            if next(temporary.glob("*/*"), None) or next(target.home.glob(".*/*"), None):
                process.kill()


@ATTACKS.attack("10e", "an export overwrites a register, a delivery or any other file")
def export_over(target: Target) -> str | None:
    target.make_home(2024)
    target.deliver(target.file("DAKL_J2024_een.csv", row()))
    target.run("run", "--year", "2024")
    persons = target.home / "registers" / "2024" / "persons.parquet"
    (target.folder / "linked.parquet").symlink_to(persons)
    (target.folder / "letter.csv").write_text("a letter\n", encoding="utf-8")
    (target.home / "coordinators.csv").write_text("supplier_id,name,email\n", encoding="utf-8")
    kept = [persons, target.folder / "letter.csv", target.home / "coordinators.csv"]
    kept += list(target.home.glob("deliveries/*/*.csv"))
    for path in (*kept, target.folder / "linked.parquet"):
        before = path.read_bytes()
        target.run("export", "statistics.unique_person_counts", "--out", path)
        if path.read_bytes() != before:
            return f"{path.name} is overwritten"
    return None
