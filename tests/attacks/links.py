"""Deliveries that are no files of a supplier: links, the key, files that the system makes up, and huge ones."""

import os
import subprocess
from pathlib import Path

from tests.attacks.attack import Attacks, Target, row

ATTACKS = Attacks()
_SECRET = "only-for-this-account"
_NAME = "DAKL_J2024_een.csv"


def _in_deliveries(target: Target, wanted: bytes) -> str | None:
    """Whether a text is in a received file, or in a backup."""
    kept = [path for path in target.home.glob("deliveries/**/*") if path.is_file()]
    if any(wanted in path.read_bytes() for path in kept):
        return f"{_NAME} is kept with it"
    return None


def _key(target: Target) -> bytes:
    return (target.home / "pseudonym.key").read_bytes().strip()


@ATTACKS.attack("7a", "a link to the key puts the key into the deliveries and the backup")
def link_to_the_key(target: Target) -> str | None:
    target.make_home()
    (target.folder / _NAME).symlink_to(target.home / "pseudonym.key")
    target.deliver(target.folder / _NAME)
    return _in_deliveries(target, _key(target))


@ATTACKS.attack("7b", "a link to any file that the account can read puts it into the deliveries")
def link_to_a_file(target: Target) -> str | None:
    target.make_home()
    (target.folder / "private").write_text(_SECRET, encoding="ascii")
    (target.folder / _NAME).symlink_to(target.folder / "private")
    target.deliver(target.folder / _NAME)
    return _in_deliveries(target, _SECRET.encode())


@ATTACKS.attack("7c", "a hard link, a copy or a folder that is a link puts the key into the deliveries")
def other_ways_to_the_key(target: Target) -> str | None:
    target.make_home()
    (target.folder / "DAKL_J2024_hard.csv").hardlink_to(target.home / "pseudonym.key")
    (target.folder / "DAKL_J2024_copy.csv").write_bytes(_key(target) + b"\n")
    (target.folder / "DAKL_J2024_folder.csv").symlink_to(target.home)
    target.deliver(target.folder / "DAKL_J2024_hard.csv")
    target.deliver(target.folder / "DAKL_J2024_copy.csv")
    for path in (target.folder / "DAKL_J2024_folder.csv" / "pseudonym.key", target.home / "pseudonym.key"):
        target.run("deliver", path, "--supplier", "gemeente-almelo")
    return _in_deliveries(target, _key(target))


@ATTACKS.attack("7d", "the environment of the process, with its passwords, is delivered from /proc")
def environment(target: Target) -> str | None:
    target.make_home()
    variables = {"DAKL_SMTP_PASSWORD": _SECRET}
    target.run("deliver", "/proc/self/environ", "--supplier", "gemeente-almelo", variables=variables)
    return _in_deliveries(target, _SECRET.encode())


@ATTACKS.attack("7e", "a register is delivered, by its own path or a hard link")
def register(target: Target) -> str | None:
    target.make_home()
    persons = target.home / "registers" / "2024" / "persons.parquet"
    (target.folder / _NAME).hardlink_to(persons)
    target.deliver(target.folder / _NAME)
    target.run("deliver", persons, "--supplier", "gemeente-almelo")
    return _in_deliveries(target, persons.read_bytes())


@ATTACKS.attack("7f", "a pipe, a device or a folder hangs the delivery")
def special_files(target: Target) -> str | None:
    target.make_home()
    os.mkfifo(target.folder / _NAME)
    for path in (target.folder / _NAME, Path("/dev/zero"), target.folder):
        try:
            target.run("deliver", path, "--supplier", "gemeente-almelo", preexec_fn=_with_little_time)
        except subprocess.TimeoutExpired:
            return f"{path.name} hangs"
    return "it is kept" if list(target.home.glob("deliveries/0*")) else None


def _with_little_time() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000_000, 50_000_000))


@ATTACKS.attack("11a", "a sparse file of 1 GB is kept for ever")
def sparse(target: Target) -> str | None:
    target.make_home()
    file = target.file(_NAME, row())
    os.truncate(file, 1_000_000_000)
    target.deliver(file)
    kept = sum(path.stat().st_size for path in target.home.glob("deliveries/**/*") if path.is_file())
    return f"{kept // 1_000_000} MB is kept" if kept > 500_000_000 else None


@ATTACKS.attack("11b", "a wrong time zone is an unexpected error")
def time_zone(target: Target) -> str | None:
    target.make_home(2024)
    for wrong in ("Amsterdam", "", "/etc/passwd", "../etc", "Europe", "x" * 300, "a\\u0000b"):
        (target.home / "settings.toml").write_text(f'time_zone = "{wrong}"\n', encoding="utf-8")
        said = target.run("deliveries")
        said = target.run("deliver", target.file(_NAME, row()), "--supplier", "a") if said.returncode == 0 else said
        if "unexpected" in said.stderr or "Traceback" in said.stderr:
            return said.stderr.strip().splitlines()[-1]
    return None


@ATTACKS.attack("11c", "a program named git that is first in PATH runs with the key at hand")
def git_of_path(target: Target) -> str | None:
    target.make_home(2024)
    target.deliver(target.file(_NAME, row()))
    programs = target.folder / "programs"
    programs.mkdir()
    (programs / "git").write_text(f"#!/bin/sh\ntouch '{target.folder}/ran'\n", encoding="ascii")
    (programs / "git").chmod(0o755)
    target.run("run", "--year", "2024", variables={"PATH": f"{programs}:{os.environ['PATH']}"})
    return "it ran" if (target.folder / "ran").exists() else None
