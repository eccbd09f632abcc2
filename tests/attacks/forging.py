"""Changing what was logged or counted, by somebody who can write in the home and knows its layout.

Every forger also writes again what he finds inside the home: digests, links and heads.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import rmtree
from typing import Any

import duckdb
import polars as pl

from tests.attacks.attack import ANNA, BRAM, CEES, IN_WINDOW, Attacks, Target, row

ATTACKS = Attacks()
_ALMELO, _HENGELO = "gemeente-almelo", "gemeente-hengelo"


def _home_of_two(target: Target) -> Path:
    """A home with an approved file and a rejected one."""
    home = target.make_home()
    target.deliver(target.file("DAKL_J2024_a.csv", row(ANNA), row(BRAM), row(CEES)))
    target.deliver(target.file("DAKL_J2024_b.csv", row(ANNA, kind="9999")))
    return home


def _problems(target: Target) -> set[str]:
    """What doctor and the verification of the audit log report as a fault."""
    found: set[str] = set()
    for command in (("doctor", "--json"), ("audit", "verify", "--json")):
        said = target.run(*command).stdout
        checks = json.loads(said)["checks"] if said.startswith("{") else []
        found |= {f"{each['check']}: {each['found']}" for each in checks if each["status"] == "fault"}
    return found


def _unnoticed(target: Target, forge: Callable[[Path], object]) -> bool:
    """Whether no check of the program finds anything new after a forgery."""
    before = _problems(target)
    forge(target.home)
    return not _problems(target) - before


def _change(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}, indent=2) + "\n")


def chain_again(log: Path) -> dict[str, str]:
    """Write the links of a log so that they fit what is there now; returns the digest of each link."""
    previous, digests = "0" * 64, {}
    for folder in sorted(path for path in log.glob("[0-9]*") if (path / "link.json").exists()):
        link = json.loads((folder / "link.json").read_text())
        payloads = {name: digest_of(folder / name) for name in link["payloads"] if (folder / name).exists()}
        link |= {"previous": previous, "entry": digest_of(folder / "entry.json"), "payloads": payloads}
        (folder / "link.json").write_text(json.dumps(link, indent=2) + "\n")
        previous = digests[folder.name] = digest_of(folder / "link.json")
        (log / ".head").write_text(f"{int(folder.name)} {previous}\n")
    return digests


def rewrite_audit_log(home: Path, digests: Mapping[str, str]) -> None:
    """Give the audit log the digests of a forged delivery log."""
    for path in sorted((home / "audit").glob("[0-9]*/entry.json")):
        entry = json.loads(path.read_text())
        head = entry["action"].get("head")
        if head and entry["action"].get("log") == "deliveries":
            head["sha256"] = digests[f"{head['sequence']:06d}"]
            path.write_text(json.dumps(entry, indent=2) + "\n")
    chain_again(home / "audit")


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def shorten_file(home: Path) -> dict[str, str]:
    """Take the last registration out of an approved file."""
    folder = home / "deliveries" / "000001"
    entry = json.loads((folder / "entry.json").read_text())
    file = folder / entry["stored_name"]
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    _change(folder / "entry.json", sha256=digest_of(file), size=file.stat().st_size, registrations=2)
    return chain_again(home / "deliveries")


def approve_rejected(home: Path, name: str = "000002") -> None:
    """Make a rejected delivery an approved one of an earlier day."""
    _change(home / "deliveries" / name / "entry.json", approved=True, registrations=1, received_at="2025-04-30T10:00Z")
    chain_again(home / "deliveries")


def remove_newest_entry(home: Path) -> None:
    rmtree(sorted((home / "deliveries").glob("[0-9]*"))[-1])
    chain_again(home / "deliveries")


@ATTACKS.attack("4a", "an approved file is shortened, with its digest and count")
def shorten(target: Target) -> str | None:
    _home_of_two(target)
    return "neither doctor nor the audit log finds it" if _unnoticed(target, shorten_file) else None


@ATTACKS.attack("4b", "a rejected delivery becomes an approved one of an earlier day")
def approve(target: Target) -> str | None:
    _home_of_two(target)
    return "neither doctor nor the audit log finds it" if _unnoticed(target, approve_rejected) else None


@ATTACKS.attack("4c", "the newest delivery is removed, and its number is given out again")
def remove_newest(target: Target) -> str | None:
    home = _home_of_two(target)
    if _unnoticed(target, remove_newest_entry):
        return "neither doctor nor the audit log finds it"
    target.deliver(target.file("DAKL_J2024_c.csv", row(BRAM)))
    return "the next delivery gets its number" if (home / "deliveries" / "000002").exists() else None


@ATTACKS.attack("4d", "a figure in the warehouse is changed, with the digest beside it")
def change_figure(target: Target) -> str | None:
    _home_of_two(target)
    target.run("run", "--year", "2024")

    def forge(home: Path) -> None:
        with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
            connection.execute("update statistics.unique_person_counts set persons = persons + 1")
        (home / ".warehouse.duckdb.sha256").write_text(digest_of(home / "warehouse.duckdb"))

    return "neither doctor nor the audit log finds it" if _unnoticed(target, forge) else None


@ATTACKS.attack("4e", "figures of an old vintage are changed")
def change_old_vintage(target: Target) -> str | None:
    _home_of_two(target)
    target.run("run", "--year", "2024")
    target.deliver(target.file("DAKL_J2024_c.csv", row(ANNA)))
    target.run("run", "--year", "2024")

    def forge(home: Path) -> None:
        (path,) = (home / "history" / "2024" / "00001").glob("*unique_person_counts_history.parquet")
        pl.read_parquet(path).with_columns(persons=pl.col("persons") + 1).write_parquet(path)
        # The warehouse is made again from the forged history.
        (home / "warehouse.duckdb").unlink()
        target.run("run", "--year", "2024")

    return "neither doctor nor the audit log finds it" if _unnoticed(target, forge) else None


@ATTACKS.attack("4f", "a delivery is logged in the name of another account")
def other_account(target: Target) -> str | None:
    home = target.make_home()
    file = target.file("DAKL_J2024_a.csv", row(ANNA))
    names = dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME"), "somebody-else")
    target.run("deliver", file, "--supplier", _ALMELO, "--received-at", IN_WINDOW[2024], variables=names)
    entry = json.loads((home / "deliveries" / "000001" / "entry.json").read_text())
    return "the log believes LOGNAME" if entry["recorded_by"] == "somebody-else" else None


@ATTACKS.attack("4g", "a delivery gets a time of receipt of long ago, without a reason and unnoticed")
def backdate(target: Target) -> str | None:
    target.make_home()
    file = target.file("DAKL_J2024_a.csv", row(ANNA))
    said = target.run("deliver", file, "--supplier", _ALMELO, "--received-at", IN_WINDOW[2024])
    if said.returncode:
        return None
    checks = json.loads(target.run("doctor", "--json").stdout)["checks"]
    is_told = any("000001" in each["found"] and each["status"] != "ok" for each in checks)
    return None if is_told else "it is accepted, and doctor says nothing about it"


@ATTACKS.attack("4h", "the file of one supplier is delivered under the id of another, unnoticed")
def under_another_id(target: Target) -> str | None:
    target.make_home()
    file = target.file("DAKL_J2024_a.csv", row(ANNA), row(BRAM))
    target.deliver(file, _ALMELO)
    said = target.deliver(file, _HENGELO).stdout + target.run("doctor").stdout
    return None if "000001" in said else "nothing says that it is the file of another supplier"


@ATTACKS.attack("4i", "delivery log and audit log are both written again to fit a forged file")
def rewrite_both(target: Target) -> str | None:
    _home_of_two(target)

    def forge(home: Path) -> None:
        rewrite_audit_log(home, shorten_file(home))

    return "neither doctor nor the audit log finds it" if _unnoticed(target, forge) else None


@ATTACKS.attack("4j", "the newest delivery and its entry in the audit log are removed, or the whole audit log")
def remove_from_both(target: Target) -> str | None:
    _home_of_two(target)

    def remove_last_entries(home: Path) -> None:
        remove_newest_entry(home)
        for path in sorted((home / "audit").glob("[0-9]*"))[-1:]:
            rmtree(path)
        chain_again(home / "audit")

    def remove_audit_log(home: Path) -> None:
        rmtree(home / "audit", ignore_errors=True)

    if _unnoticed(target, remove_last_entries):
        return "neither doctor nor the audit log finds the removed entries"
    return "nothing finds that the audit log is gone" if _unnoticed(target, remove_audit_log) else None
