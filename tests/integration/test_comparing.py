"""A file compared with earlier ones, through the command line: findings for the supplier and for the analyst."""

import json
import shutil
from datetime import date, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from dakl_pipeline.cli import main
from tests.support.small_home import delivery, make_home, row


def _passes(number: str) -> bool:
    return sum(int(number[i]) * (9 - i) for i in range(8)) % 11 == int(number[8])


PEOPLE = [text for n in range(200_000_000, 200_010_000) if _passes(text := f"{n:09d}")]


def stays(number: int, *, first: int = 0, gemeente: str = "0141", year: int = 2024, **more: str) -> list[str]:
    """One stay each for a number of people, spread over the year."""
    days = [date(year, 1, 1) + timedelta(days=(7 * n) % 330) for n in range(number)]
    return [
        row(PEOPLE[first + n], gemeente=gemeente, start=f"{day}", end=f"{day + timedelta(days=5)}", **more)
        for n, day in enumerate(days)
    ]


TWENTE = stays(107)
UTRECHT = stays(60, first=300, gemeente="0344")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


class Log:
    """Deliveries of one home, one per day, and their outcomes."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys
        self._day = date(2025, 5, 1)

    def deliver(self, supplier: str, *rows: str, year: int = 2024, name: str = "x", at: str = "") -> dict[str, Any]:
        self._day += timedelta(days=1)
        file = delivery(self.home.parent / "in", f"DAKL_J{year}_{name}.csv", *rows)
        arguments = [
            "deliver",
            str(file),
            "--supplier",
            supplier,
            "--received-at",
            at or f"{self._day}T12:00",
            "--json",
        ]
        self._capsys.readouterr()
        assert main([*arguments, "--home", str(self.home)]) in (0, 1)
        said: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return said

    def report(self, supplier: str, year: int = 2024) -> dict[str, Any]:
        self._capsys.readouterr()
        arguments = ["report", "--supplier", supplier, "--year", str(year), "--json"]
        assert main([*arguments, "--home", str(self.home)]) == 0
        said: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return said


@pytest.fixture
def log(home: Path, capsys: pytest.CaptureFixture[str]) -> Log:
    return Log(home, capsys)


def rules(said: dict[str, Any]) -> list[str]:
    return [f["rule"] for f in said["findings"]]


def analyst(said: dict[str, Any]) -> list[str]:
    return [f["rule"] for f in said["for_analyst"]]


def mail_text(said: dict[str, Any]) -> str:
    message = message_from_bytes(Path(said["mail"]).read_bytes(), EmailMessage, policy=SMTP)
    part = message.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def test_one_row_that_replaces_107_is_told_first_and_everywhere(log: Log) -> None:
    assert rules(log.deliver("twente", *TWENTE, name="vol")) == []
    said = log.deliver("twente", row(PEOPLE[0], gemeente="9999"), name="een")
    text = "Vergeleken met uw bestand DAKL_J2024_vol.csv van 2 mei 2025 (000001): 1 registratie in plaats van 107."
    assert said["approved"]
    assert said["findings"][0]["message"] == text
    assert rules(said)[-1] == "gemeente_unknown"
    assert text in mail_text(said)
    found = log.report("twente")["findings"]
    assert (found[0]["rule"], found[0]["message"], found[0]["status"]) == ("fewer_registrations", text, "new")
    # A mail that is made again from the log is the same.
    mail = Path(said["mail"])
    before = mail.read_bytes()
    mail.unlink()
    assert main(["mails", "--home", str(log.home)]) == 0
    assert mail.read_bytes() == before


def test_a_loss_is_found_as_long_as_it_is_there_and_solved_when_it_is_not(log: Log) -> None:
    log.deliver("twente", *TWENTE)
    assert "fewer_registrations" in rules(log.deliver("twente", *TWENTE[:50]))
    assert "fewer_registrations" in rules(log.deliver("twente", *TWENTE[:49]))
    assert [f["status"] for f in log.report("twente")["findings"] if f["rule"] == "fewer_registrations"] == ["present"]
    assert rules(log.deliver("twente", *TWENTE)) == []
    statuses = {f["rule"]: f["status"] for f in log.report("twente")["findings"]}
    assert statuses["fewer_registrations"] == "solved"


def test_growth_is_told_once(log: Log) -> None:
    log.deliver("twente", *TWENTE[:20])
    assert rules(log.deliver("twente", *TWENTE)) == ["more_registrations"]
    assert rules(log.deliver("twente", *TWENTE, row(PEOPLE[200]))) == []


def test_what_is_compared_is_the_year_before_and_other_years(log: Log) -> None:
    log.deliver("twente", *stays(107, year=2023), year=2023)
    said = log.deliver("twente", *TWENTE[:30])
    assert "fewer_registrations" in rules(said)
    assert "DAKL_J2023_x.csv" in said["findings"][0]["message"]
    assert rules(log.deliver("utrecht", *UTRECHT)) == []


def test_the_file_of_another_year(log: Log) -> None:
    long_stays = [row(each, start="2020-01-01", end="") for each in PEOPLE[:30]]
    log.deliver("twente", *long_stays, year=2023)
    # In another order and with another creation date it has the same content.
    again = [line.replace("2025-05-01", "2025-05-20") for line in reversed(long_stays)]
    assert "same_as_other_year" in rules(log.deliver("twente", *again))
    shifted = [row(each, start="2020-02-01", end="") for each in PEOPLE[:30]]
    assert "numbers_of_other_year" in rules(log.deliver("twente", *shifted))
    summarise = [row(each, start="2020-01-01", end="") for each in PEOPLE[:9]]
    log.deliver("klein", *summarise, year=2023)
    assert not {"same_as_other_year", "numbers_of_other_year"} & set(rules(log.deliver("klein", *summarise)))


OTHERS = ("ggd-utrecht", "opvang-twente", "000001", "000002", "000003", "DAKL_J2024_utrecht")


@pytest.mark.parametrize(
    ("supplier", "rows", "told", "for_analyst"),
    [
        ("opvang-twetne", TWENTE, [], ["supplier_new", "supplier_resembles", "content_of_other_supplier"]),
        ("humanitas", TWENTE[:30], [], ["supplier_new", "content_of_other_supplier"]),
        ("humanitas", [*TWENTE[:10], *stays(40, first=500)], [], ["supplier_new"]),
        ("humanitas", stays(40, first=500), [], ["supplier_new"]),
        (
            "opvang-twente",
            UTRECHT,
            ["fewer_registrations", "municipality_gone", "nothing_in_common"],
            ["content_of_other_supplier"],
        ),
        (
            "opvang-twente",
            stays(100, first=600, gemeente="0344"),
            ["municipality_gone", "nothing_in_common"],
            ["file_of_other_supplier"],
        ),
        ("opvang-twente", stays(107, first=600), ["nothing_in_common"], []),
        ("opvang-twente", [*TWENTE[1:], row(PEOPLE[700])], [], []),
    ],
    ids=[
        "misspelt",
        "part of another's under a new id",
        "a few shared",
        "new",
        "another's file under my id",
        "another's people under my id",
        "other people in my place",
        "an ordinary correction",
    ],
)
def test_whose_file_it_is(
    supplier: str,
    rows: list[str],
    told: list[str],
    for_analyst: list[str],
    log: Log,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.deliver("opvang-twente", *TWENTE)
    log.deliver("ggd-utrecht", *UTRECHT, name="utrecht")
    said = log.deliver(supplier, *rows)
    assert [rule for rule in rules(said) if rule != "months_without_starts"] == told
    assert analyst(said) == for_analyst
    # Nothing about another supplier reaches the supplier: not in a finding, the mail or the report.
    folder = log.home / "reports" / "2024" / supplier
    shown = mail_text(said) + (folder / f"{said['delivery_id']}-op-orde.html").read_text(encoding="utf-8")
    shown += (folder / f"{said['delivery_id']}-op-orde.json").read_text(encoding="utf-8") + str(said["findings"])
    assert [o for o in ("ggd-utrecht", "opvang-twente") if o != supplier and o in shown] == []
    for message in (each["message"] for each in said["for_analyst"]):
        assert message not in shown
    assert ("eerste bestand dat CBS goedkeurt" in mail_text(said)) is (supplier not in ("opvang-twente", "ggd-utrecht"))
    # It stays in the log, for later.
    capsys.readouterr()
    assert main(["deliveries", "--json", "--home", str(log.home)]) == 0
    (logged,) = [e for e in json.loads(capsys.readouterr().out) if e["delivery_id"] == said["delivery_id"]]
    assert logged["for_analyst"] == [each["message"] for each in said["for_analyst"]]


def test_what_was_withdrawn_under_a_wrong_name_is_not_held_against_the_right_one(log: Log) -> None:
    assert analyst(log.deliver("opvang-twetne", *TWENTE)) == ["supplier_new"]
    arguments = ["withdraw", "--supplier", "opvang-twetne", "--year", "2024", "--at", "2025-07-01"]
    assert main([*arguments, "--home", str(log.home)]) == 0
    assert analyst(log.deliver("opvang-twente", *TWENTE)) == ["supplier_new", "supplier_resembles"]


def test_the_same_bytes_of_another_year_and_supplier_are_recognised(log: Log) -> None:
    log.deliver("opvang-twente", *TWENTE[:3])
    assert analyst(log.deliver("ggd", *TWENTE[:3], year=2023)) == ["supplier_new", "content_of_other_supplier"]


def test_what_a_supplier_gets_is_the_same_whatever_others_deliver(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = []
    for others in ([], [("opvang-twente", TWENTE), ("ggd-utrecht", UTRECHT)]):
        log = Log(make_home(tmp_path / str(len(others))), capsys)
        for _ in range(2 - len(others)):
            log.deliver("leeg", "fout")
        for supplier, rows in others:
            log.deliver(supplier, *rows)
        said = log.deliver("opvang-twetne", *TWENTE)
        folder = log.home / "reports" / "2024" / "opvang-twetne"
        html = (folder / "000003-op-orde.html").read_text(encoding="utf-8")
        outcomes.append((said["findings"], mail_text(said).partition("Ontvangstbewijs")[0], html))
    assert outcomes[0] == outcomes[1]


def test_an_entry_of_an_earlier_version_is_compared_by_its_file(log: Log) -> None:
    first = log.deliver("twente", *TWENTE)
    path = log.home / "deliveries" / first["delivery_id"] / "entry.json"
    entry = json.loads(path.read_text())
    for key in ("profile", "compared_with", "for_analyst"):
        del entry[key]
    path.write_text(json.dumps(entry))
    assert "fewer_registrations" in rules(log.deliver("twente", *TWENTE[:50]))


@pytest.mark.parametrize("damage", ["entry", "file", "gone"])
def test_a_file_is_received_whatever_happened_to_those_before_it(damage: str, log: Log) -> None:
    folder = log.home / "deliveries" / log.deliver("twente", *TWENTE)["delivery_id"]
    log.deliver("utrecht", *UTRECHT)
    if damage == "gone":
        shutil.rmtree(folder)
    else:
        path = folder / ("entry.json" if damage == "entry" else "DAKL_J2024_x.csv")
        path.write_text("{}")
    assert log.deliver("twente", *TWENTE[:50])["approved"]
    assert log.deliver("deventer", *UTRECHT)["approved"]


def test_a_file_received_before_another_is_not_compared_with_it(log: Log) -> None:
    log.deliver("twente", *TWENTE)
    said = log.deliver("twente", *TWENTE[:5], at="2025-05-01T12:00")
    assert rules(said) == []
