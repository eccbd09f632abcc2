"""Canaries: numbers put into every kind of input appear nowhere afterwards, and neither does the key.

Searched: everything the commands print, the warehouse, Dagster's storage, exports and every other file of the home
outside ``deliveries/`` and ``registers/``, which are the only places that hold a number.
"""

import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from pyrage.x25519 import Identity

from dakl_pipeline.cli import main
from dakl_pipeline.contracts import TABLES
from tests.support.mails import attachments_of, contents_of, read_mail, unpacked
from tests.support.small_home import HEADER, IN_WINDOW, delivery, make_home, row

# They pass or fail the eleven test, or are V-numbers; these digits occur in nothing else in this test.
GOOD, FAILING, STRIPPED, V_NUMBER = "823609571", "823609572", "93485402", "8317460295"
# A BSN that lost its zero and looks like a day, and a V-number that begins like a year.
DAY, OF_A_YEAR = "19110224", "2083746195"
CANARIES = (GOOD, FAILING, STRIPPED, V_NUMBER, DAY, OF_A_YEAR)
_RECIPIENT = str(Identity.generate().to_public())


def _grouped(mark: str) -> str:
    return mark.join((GOOD[:3], GOOD[3:6], GOOD[6:]))


def _bad_files() -> dict[str, bytes]:
    good = "\n".join([HEADER, row(GOOD), row(STRIPPED)]).encode()
    return {
        "DAKL_J2024_letter.csv": f"{HEADER}\n{row(GOOD + 'A')}\n{row(GOOD)}\n".encode(),
        "DAKL_J2024_columns.csv": f"{HEADER}\n{GOOD};{GOOD}\n".encode(),
        "DAKL_J2024_header.csv": f"{GOOD};{V_NUMBER}\n{row(GOOD)}\n".encode(),
        "DAKL_J2024_everywhere.csv": f"{HEADER}\n{';'.join([GOOD] * 9)}\n{';'.join([V_NUMBER] * 9)}\n".encode(),
        "DAKL_J2024_utf16.csv": good.decode().encode("utf-16"),
        "DAKL_J2024_quotes.csv": f'{HEADER}\n2025-05-01;0141;"{GOOD};0301;2024-01-01;;;;\n'.encode(),
        "DAKL_J2024_nul.csv": good.replace(b";", b"\x00"),
        "DAKL_J2024_accent.csv": f"{HEADER}\n{row(GOOD)}é\n".encode("cp1252"),
        "DAKL_J2024_one line.csv": (GOOD * 5_000).encode(),
        f"DAKL_J2024_{GOOD}.csv": good,
        f"DAKL_J2024_{STRIPPED[:3]} {STRIPPED[3:]}{V_NUMBER}.csv": good,
        f"{GOOD}.csv": good,
        f"DAKL_J2024_{GOOD[:3]}.{GOOD[3:6]}.{GOOD[6:]}.csv": good,
        f"DAKL_J2024_{_grouped('__')}.csv": good,
        f"DAKL_J2024_{DAY}.csv": good,
        f"DAKL_J2024_{OF_A_YEAR[:4]} {OF_A_YEAR[4:7]} {OF_A_YEAR[7:]}.csv": good,
        "DAKL_J2024_" + "".join(chr(ord(digit) + 0xFEE0) for digit in GOOD) + ".csv": good,
        f"DAKL_J2024_{GOOD}.xlsx": good,
        "DAKL_J2024_" + "\u200b".join(GOOD) + ".csv": good,
        "DAKL_J2024_forms.csv": "\n".join(
            [HEADER, row(f"{GOOD}.0"), *(row(_grouped(mark), start=GOOD) for mark in ". -/")]
        ).encode(),
        "DAKL_J2024_lines.csv": "\n".join(
            [HEADER, f'"{row(GOOD)}"', row(GOOD).replace(";", ","), f"Totaal {GOOD}", ";;;"]
        ).encode(),
    }


def _commands(home: Path, folder: Path) -> Iterator[list[str]]:
    """All commands with canaries in their input, valid and invalid, and in their arguments."""
    good = delivery(
        folder,
        "DAKL_J2024_good.csv",
        row(GOOD),
        row(FAILING),
        row(STRIPPED),
        row("", v_number=V_NUMBER),
        row(GOOD, gemeente="9999"),
        row(GOOD),
    )
    at = ["--received-at", IN_WINDOW[2024]]
    for supplier, number in (("mo-a", 1), ("mo-b", 2)):
        yield ["deliver", str(good), "--supplier", f"{supplier}{number}", *at]
    yield ["check", str(good)]
    yield ["check", str(good), "--json"]
    for name, content in _bad_files().items():
        file = folder / name
        file.write_bytes(content)
        yield ["deliver", str(file), "--supplier", "mo-a1", *at, "--json"]
        yield ["deliver", str(file), "--supplier", "mo-a1", *at, "--accept-late", f"about {GOOD}"]
        yield ["check", str(file)]
    yield ["deliver", str(folder / f"{GOOD}.gone"), "--supplier", "x"]
    yield ["deliver", str(good), "--supplier", f"x-{DAY}"]
    late = ["--accept-late", f"{DAY}, {DAY[:2]}, {DAY[2:5]}, {DAY[5:]}"]
    yield ["withdraw", "--supplier", "mo-b2", "--year", "2024", *late]
    for mark in ("", "-", "--"):
        yield ["deliver", str(good), "--supplier", f"x{_grouped(mark)}"]
    for mark in (" ", "/", ",", ":", "\t", " - ", ", ", "\u00a0", "\u2009", "\u200b", "\n"):
        about = f"over {_grouped(mark)} en {V_NUMBER[:4]}{mark}{V_NUMBER[4:]}, {OF_A_YEAR[:4]}-{OF_A_YEAR[4:]}"
        late = ["--received-at", "2025-09-01", "--accept-late", about]
        yield ["deliver", str(folder / "DAKL_J2024_letter.csv"), "--supplier", "mo-a1", *late]
    yield ["deliver", str(good), "--supplier", "x", "--received-at", GOOD]
    yield [GOOD]
    yield ["figures", "--year", GOOD]
    yield ["run", f"--{GOOD}"]
    yield ["withdraw", "--supplier", "mo-b2", "--year", "2024", "--at", "2025-07-01", "--accept-late", V_NUMBER]
    yield ["cancel", "2", "--why", f"{GOOD} of {V_NUMBER}"]
    yield ["cancel", GOOD, "--why", "x"]
    yield ["cancel", "2", "--why", GOOD]
    yield ["deliver", str(good), "--supplier", "mo-b2", *at, "--received-why", f"about {GOOD} and {V_NUMBER}"]
    yield ["mails"]
    yield ["run", "--year", "2024"]
    # After a correction the history of runs holds the changes since the previous vintage.
    correction = delivery(folder / "correction", good.name, row(GOOD), row("", v_number=V_NUMBER))
    yield ["deliver", str(correction), "--supplier", "mo-a1", *at]
    yield ["run", "--year", "2024"]
    yield ["deliveries"]
    yield ["deliveries", "--json"]
    yield ["deliveries", "--csv"]
    yield ["deliveries", "--supplier", f"x{GOOD}"]
    yield ["deliveries", "--supplier", GOOD[:8]]
    yield ["deliveries", "--verdict", GOOD]
    yield ["figures", "--year", "2024", "--region", "NL"]
    yield ["figures", "--year", "2024", "--json"]
    yield ["figures", "--year", "2024", "--csv"]
    yield ["figures", "--year", "2024", "--region", GOOD]
    yield ["figures", "--year", "2024", "--by", V_NUMBER]
    yield ["export", GOOD, "--out", str(home / "exports" / "none.csv")]
    yield ["figures", "--year", "2024", "--history"]
    for chosen in ([], ["--json"], ["--by", "leeftijd", "--category", "onbekend"], ["--category", GOOD]):
        yield ["explain-figure", "--year", "2024", "--region", "NL", *chosen]
    yield ["explain-figure", "--year", "2024", "--region", V_NUMBER]
    for name, table in TABLES.items():
        for ending in ("csv", "parquet", "xlsx"):
            yield ["export", name, "--out", str(home / "exports" / f"{table.asset}.{ending}")]
    yield ["doctor"]
    yield ["doctor", "--json"]
    yield ["export", "statistics.coverage", "--out", str(folder / f"{GOOD}.csv")]
    yield ["backup", "--out", str(folder / "backup.tar.gz")]
    yield ["audit", "verify"]
    yield ["audit", "verify", "--json"]
    yield ["audit", "show"]
    yield ["audit", "show", "--json"]
    yield ["backup", "--out", str(folder / "backup.tar.gz.age"), "--recipient", _RECIPIENT]
    yield ["backup", "--out", str(folder / f"{GOOD}.tar.gz.age"), "--recipient", V_NUMBER]
    (folder / "identity.txt").write_text(f"{GOOD}\n")
    for restored in ("backup.tar.gz", "backup.tar.gz.age", "identity.txt"):
        yield ["restore", str(folder / restored), "--identity", str(folder / "identity.txt")]
    yield ["restore", str(folder / "backup.tar.gz")]
    yield ["restore", str(folder / "identity.txt"), "--unverified"]


def _broken_register(home: Path) -> None:
    path = home / "registers" / "2024" / "persons.parquet"
    frame = pl.read_parquet(path)
    pl.concat([frame, frame, frame.head(1).with_columns(bsn=pl.lit(f"{GOOD}0"))]).write_parquet(path)


def _register_of_another_shape(home: Path) -> None:
    pl.DataFrame({"bsn": [GOOD], "birth_date": [V_NUMBER], "sex": [GOOD], "origin": [GOOD]}).write_parquet(
        home / "registers" / "2024" / "persons.parquet"
    )


def _file_changed_after_receipt(home: Path) -> None:
    for stored in (home / "deliveries").glob("*/DAKL_J2024_good.csv"):
        stored.write_text(f"{HEADER}\n{GOOD}\n")


def _all_text(home: Path) -> Iterator[tuple[str, bytes]]:
    for path in home.rglob("*"):
        inside = path.relative_to(home).parts
        if path.is_file() and inside[0] not in ("deliveries", "registers", "pseudonym.key"):
            yield str(path.relative_to(home)), path.read_bytes()
    # DuckDB compresses what it stores, so the file alone would hide a number.
    for warehouse in home.glob("warehouse.duckdb"):
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            tables = connection.execute(
                "select table_schema || '.' || table_name from information_schema.tables"
            ).fetchall()
            for (table,) in tables:
                yield table, str(connection.execute(f"select * from {table}").fetchall()).encode()
    # Mails carry their attachments encoded, and workbooks are packed.
    for path in home.rglob("*.eml"):
        for content in contents_of(read_mail(path)):
            yield f"in {path.name}", content
    for path in (each for each in home.rglob("*.xlsx") if "deliveries" not in each.parts):
        for content in unpacked(path.read_bytes()):
            yield f"in {path.name}", content
    for path in home.rglob("*.parquet"):
        if "registers" not in path.parts:
            yield path.name, str(pl.read_parquet(path).rows()).encode()


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read()


@pytest.mark.parametrize(
    "accident",
    [None, _broken_register, _register_of_another_shape, _file_changed_after_receipt],
    ids=["no accident", "register breaks its contract", "register of another shape", "changed file"],
)
def test_no_number_and_no_key_leaves_its_place(
    accident: Callable[[Path], None] | None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = make_home(tmp_path)
    persons = home / "registers" / "2024" / "persons.parquet"
    people = pl.read_parquet(persons)
    pl.concat([people, people.head(1).with_columns(bsn=pl.lit(GOOD))]).write_parquet(persons)
    pl.DataFrame({"v_number": [V_NUMBER], "bsn": [GOOD]}).write_parquet(persons.with_name("v_numbers.parquet"))
    key = (home / "pseudonym.key").read_text().strip()
    printed = ""
    for arguments in _commands(home, tmp_path / "in"):
        if arguments[:1] == ["run"] and accident:
            accident(home)
        code = main([*arguments, "--home", str(home)])
        captured = capfd.readouterr()
        printed += captured.out + captured.err
        if arguments == ["run", "--year", "2024"]:
            assert code == (0 if accident is None else 1), captured.err
        assert "Traceback" not in captured.err
    with tarfile.open(tmp_path / "in" / "backup.tar.gz") as archive:
        printed += "\n".join(archive.getnames())
        assert not any(key.encode() in _content(archive, member) for member in archive)
    # Folders are named after the test, so only the folders of the bad files hold their names.
    secrets = [*CANARIES, key]
    # Not in groups of digits either.
    assert [secret for secret in secrets if secret in printed or secret in re.sub("[^0-9A-Za-z]", "", printed)] == []
    found = {
        (place, secret)
        for place, content in _all_text(home)
        for secret in secrets
        if secret.encode() in content or secret.encode("utf-16-le") in content
    }
    assert found == set()
    entries = "".join(path.read_text() for path in (home / "deliveries").glob("*/entry.json"))
    assert [secret for secret in secrets if secret in entries or secret in re.sub("[^0-9A-Za-z]", "", entries)] == []
    # The search itself works: it covers attachments, and finds the numbers where they belong.
    attached = [name for path in home.rglob("*.eml") for name in attachments_of(read_mail(path))]
    assert {name.rpartition(".")[2] for name in attached} == {"html", "xlsx", "csv"}
    assert any(GOOD.encode() in path.read_bytes() for path in (home / "deliveries").rglob("*.csv"))
    if accident is None:
        assert pl.read_parquet(persons)["bsn"].is_in([GOOD]).any()
