"""Numbers of persons, written in ways that people and spreadsheets use, in what is kept and shown."""

import email.policy
import unicodedata
from collections.abc import Iterator
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import duckdb

from tests.attacks.attack import ANNA, Attacks, Target, row

ATTACKS = Attacks()
# Valid BSNs: one that lost its zero and looks like a day, and one that lost it and was grouped.
DAY, SHORT = "20250605", "12345672"
_FULL_WIDTH = "".join(chr(ord(digit) + 0xFEE0) for digit in ANNA)
_GROUPED = [mark.join((ANNA[:3], ANNA[3:6], ANNA[6:])) for mark in ("/", ",", ":", "__", " - ", "\t", "\u2009", ", ")]
_TYPED = [ANNA, *_GROUPED, _FULL_WIDTH, DAY, f"{SHORT[:2]},{SHORT[2:5]},{SHORT[5:]}", "2012 345 678", "29,12,34,56,78"]
_IN_NAMES = [DAY, f"{ANNA[:3]}_{ANNA[3:6]}__{ANNA[6:]}", f"{ANNA[:4]}--{ANNA[4:]}", "2012 345 678", "2025.06.05"]
_IN_IDS = [f"mo-{ANNA[:3]}-{ANNA[3:6]}-{ANNA[6:]}", f"mo-{ANNA[:3]}--{ANNA[3:]}", f"mo-{DAY}", "mo-29-12-34-56-78"]


def _spelt(written: str) -> set[str]:
    """How a number may be shown: as typed, and with white space made one."""
    return {written, " ".join(written.split()), unicodedata.normalize("NFKC", written)}


def _kept(home: Path) -> Iterator[str]:
    """Everything kept outside the received files: texts, mails with their attachments, workbooks, the warehouse."""
    for path in sorted(home.rglob("*")):
        is_received = path.parent.parent.name == "deliveries" and path.suffix == ".csv"
        if not path.is_file() or is_received or "registers" in path.relative_to(home).parts:
            continue
        yield str(path.relative_to(home))
        content = path.read_bytes()
        yield content.decode("utf-8", "replace").replace("\\t", "\t")
        if path.suffix == ".eml":
            yield from _of_mail(content)
        elif is_zipfile(BytesIO(content)):
            yield from _of_archive(content)
    warehouse = home / "warehouse.duckdb"
    if warehouse.exists():
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            for schema, table in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall():
                yield str(connection.execute(f'select * from "{schema}"."{table}"').fetchall())


def _of_mail(content: bytes) -> Iterator[str]:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    for name, value in message.items():
        yield f"{name}: {value}"
    for part in message.walk():
        inside = part.get_payload(decode=True)
        if isinstance(inside, bytes):
            yield inside.decode("utf-8", "replace")
            if is_zipfile(BytesIO(inside)):
                yield from _of_archive(inside)


def _of_archive(content: bytes) -> Iterator[str]:
    with ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            yield archive.read(name).decode("utf-8", "replace")


def _found(texts: Iterator[str], written: list[str]) -> list[str]:
    """Which of the numbers are readable in the texts."""
    everything = "\n".join(texts)
    return [each for each in written if any(form in everything for form in _spelt(each))]


def _listed(target: Target) -> Iterator[str]:
    yield target.run("deliveries").stdout
    yield target.run("deliveries", "--json").stdout.encode("ascii", "replace").decode("unicode-escape")
    yield from _kept(target.home)


def _told(found: list[str]) -> str | None:
    return f"{len(found)} of the ways to write a number come through" if found else None


@ATTACKS.attack("9a", "a number in the name of a file reaches warehouse, log, reports and mails")
def file_names(target: Target) -> str | None:
    target.make_home()
    said = []
    for place, written in enumerate(_IN_NAMES):
        file = target.file(f"DAKL_J2024_{written}.csv", row())
        said.append(target.deliver(file, f"mo-{'abcdef'[place]}"))
    target.run("run", "--year", "2024")
    printed = "\n".join(f"{each.stdout}\n{each.stderr}" for each in said).replace(str(target.folder), "")
    return _told(_found(iter([printed, *_listed(target)]), _IN_NAMES))


@ATTACKS.attack("9b", "a number in the id of a supplier reaches log, reports and mails")
def supplier_ids(target: Target) -> str | None:
    target.make_home()
    file = target.file("DAKL_J2024_een.csv", row())
    said = [target.deliver(file, written) for written in _IN_IDS]
    printed = "\n".join(f"{each.stdout}\n{each.stderr}" for each in said)
    return _told(_found(iter([printed, *_listed(target)]), _IN_IDS))


@ATTACKS.attack("9c", "a number in a reason reaches the log and mails")
def reasons(target: Target) -> str | None:
    target.make_home()
    file = target.file("DAKL_J2024_een.csv", row())
    printed = []
    for place, written in enumerate(_TYPED):
        supplier = f"mo-{'abcdefghijklmnop'[place]}"
        target.deliver(file, supplier)
        said = target.run("withdraw", "--supplier", supplier, "--year", "2024", "--accept-late", f"van {written} ja")
        printed += [said.stdout, said.stderr]
    return _told(_found(iter([*printed, *_listed(target)]), _TYPED))


@ATTACKS.attack("9d", "a reporting year of nine digits is accepted and printed")
def years(target: Target) -> str | None:
    target.make_home()
    file = target.file(f"DAKL_J{ANNA}_een.csv", row())
    at = ("--received-at", "2025-05-01T12:00")
    for command in (
        ("deliver", file, "--supplier", "mo-a", *at),
        ("deliver", file, "--supplier", "mo-a", *at, "--received-why", "a test"),
        ("check", file),
        ("check", file, "--year", ANNA),
        ("figures", "--year", ANNA),
        ("run", "--year", ANNA),
        ("deliveries", "--year", ANNA),
        ("withdraw", "--supplier", "mo-a", "--year", ANNA),
    ):
        said = target.run(*command)
        if ANNA in f"{said.stdout}{said.stderr}".replace(str(target.folder), ""):
            return f"`dakl {command[0]}` prints it"
        if said.returncode == 0:
            return f"`dakl {command[0]}` accepts it"
    if _found(_listed(target), [ANNA]):
        return "it is kept"
    (target.home / "settings.toml").write_text(f"reporting_years = [2024, {ANNA}]\n", encoding="utf-8")
    said = target.run("figures", "--year", ANNA)
    return "the settings accept it" if "settings" not in said.stderr and said.returncode != 2 else None
