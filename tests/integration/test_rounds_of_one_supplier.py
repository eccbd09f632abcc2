"""One supplier through several rounds, on the command line: the selected file after each step, and the mails."""

import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from dakl_pipeline.cli import main
from tests.support.rounds import round_of_2026
from tests.support.small_home import ANNA, BRAM, CEES, cells, deliver, delivery, figures_home, row, run

YEAR = 2023
_ROUND_2026 = round_of_2026(2023, 2024)


class CollectionRound:
    """A supplier with a home, and its visible state."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = figures_home(folder)
        self.folder = folder
        self.capsys = capsys

    def deliver(self, at: str, *bsns: str, version: str, late: str | None = None) -> int:
        """Deliver a file with these people in shelter; without people, a file with a fault."""
        rows = [row(bsn, start="2023-02-01", end="2023-03-01") for bsn in bsns] or [row("x")]
        file = delivery(self.folder / version, f"DAKL_J{YEAR}_{version}.csv", *rows)
        return deliver(self.home, file, "almelo", at=at, late=late)

    def withdraw(self, at: str, *, late: str | None = None) -> int:
        arguments = ["withdraw", "--supplier", "almelo", "--year", str(YEAR), "--at", at, "--home", str(self.home)]
        return main([*arguments, *(["--accept-late", late] if late else [])])

    def said(self) -> str:
        captured = self.capsys.readouterr()
        return captured.out + captured.err

    def log(self) -> list[dict[str, Any]]:
        self.capsys.readouterr()
        assert main(["deliveries", "--json", "--home", str(self.home)]) == 0
        rows: list[dict[str, Any]] = json.loads(self.capsys.readouterr().out)
        return rows

    def selected(self) -> list[str]:
        return [entry["delivery_id"] for entry in self.log() if entry.get("selected")]

    def mail(self, delivery_id: str) -> str:
        """The text of the one mail about an entry."""
        (path,) = self.home.glob(f"reports/{YEAR}/almelo/{delivery_id}-mail.eml")
        part = message_from_bytes(path.read_bytes(), EmailMessage, policy=SMTP).get_body(("plain",))
        assert part is not None
        return " ".join(str(part.get_content()).split())

    def persons(self) -> int:
        assert run(self.home, YEAR) == 0
        return cells(self.home, YEAR).get(("NL", "totaal", "totaal"), 0)


@pytest.fixture
def collection(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> CollectionRound:
    return CollectionRound(tmp_path, capsys)


def test_a_season(collection: CollectionRound) -> None:
    # The first file, in the round of 2024.
    assert collection.deliver("2024-04-01", ANNA, version="v1") == 0
    assert collection.selected() == ["000001"]
    assert "Dit bestand telt nu mee voor verslagjaar 2023." in collection.mail("000001")

    # A rejected later file does not supersede it.
    assert collection.deliver("2024-04-02", version="v2") == 1
    assert collection.selected() == ["000001"]
    assert "blijft aanlevering 000001 van 1 april 2024 meetellen" in collection.mail("000002")
    assert "Dat kan tot en met 24 juni 2024" in collection.mail("000002")

    # A correction does; the same file again has the same content.
    assert collection.deliver("2024-05-01", ANNA, BRAM, version="v3") == 0
    assert collection.selected() == ["000003"]
    assert collection.log()[0]["reason"] == "superseded by 000003"
    assert "Het vervangt aanlevering 000001 van 1 april 2024." in collection.mail("000003")
    assert collection.deliver("2024-06-20", ANNA, BRAM, version="v3") == 0
    assert "dezelfde inhoud als aanlevering 000003" in collection.said()
    assert collection.selected() == ["000004"]
    assert collection.log()[3]["same_content_as"] == "000003"
    assert "precies gelijk aan die van aanlevering 000003 van 1 mei 2024" in collection.mail("000004")
    assert collection.persons() == 2

    # Withdrawn in its week: nothing counts, not even a file that comes on the last day.
    assert collection.withdraw("2024-06-24T09:00") == 0
    assert collection.selected() == []
    assert "CBS verwerkt en publiceert uw gegevens over dat jaar niet" in collection.mail("000005")
    assert collection.deliver("2024-06-24T15:00", ANNA, version="v4") == 0
    assert "Het bestand telt niet mee: u hebt verslagjaar 2023 in deze ronde ingetrokken" in collection.said()
    assert collection.selected() == []
    assert "telt niet mee: u hebt verslagjaar 2023 in deze ronde ingetrokken" in collection.mail("000006")
    assert collection.persons() == 0

    # The next round restores the year.
    assert collection.deliver("2025-05-01", BRAM, version="v5") == 0
    assert collection.selected() == ["000007"]
    assert "Dit bestand telt nu mee voor verslagjaar 2023." in collection.mail("000007")
    assert collection.persons() == 1

    # Every entry has its mail, every approved file its report.
    mails = sorted(path.name for path in collection.home.glob("reports/*/*/*-mail.eml"))
    assert mails == [f"{n:06d}-mail.eml" for n in range(1, 8)]
    reports = sorted(path.name for path in collection.home.glob("reports/*/*/*-op-orde.html"))
    assert reports == [f"{n:06d}-op-orde.html" for n in (1, 3, 4, 6, 7)]


def test_late_is_refused_with_the_date_unless_an_analyst_accepts_it(collection: CollectionRound) -> None:
    assert collection.deliver("2025-06-19", ANNA, version="v1") == 1
    assert "18 juni 2025" in collection.said()
    assert "18 juni 2025" in collection.mail("000001")
    assert collection.selected() == []
    assert collection.deliver("2025-06-19", ANNA, version="v1", late="agreed by phone") == 0
    entry = collection.log()[1]
    assert (entry["selected"], entry["accepted_late"], entry["same_content_as"]) == (True, "agreed by phone", "000001")
    assert entry["recorded_by"]
    assert entry["catalogue_version"]
    assert "toch geaccepteerd" in collection.mail("000002")

    assert collection.withdraw("2025-07-05") == 1
    assert "2025-07-04" in collection.said()
    assert len(collection.log()) == 2
    assert collection.withdraw("2025-07-05", late="post was slow") == 0
    assert collection.selected() == []
    assert collection.log()[2]["accepted_late"] == "post was slow"


def test_the_settings_of_the_home_may_add_a_round_and_extend_one(collection: CollectionRound) -> None:
    assert collection.deliver("2025-05-01", ANNA, version="v1") == 0
    assert collection.withdraw("2025-07-01") == 0
    assert collection.deliver("2026-05-01", CEES, version="v2") == 1
    assert collection.deliver("2025-06-25", CEES, version="v2") == 1
    settings = collection.home / "settings.toml"
    settings.write_text(f"[rounds.2025]\nextension_end = 2025-06-25\n{_ROUND_2026}")
    # In the extension, and so in the withdrawn round.
    assert collection.deliver("2025-06-25", CEES, version="v2") == 0
    assert collection.selected() == []
    assert collection.deliver("2026-05-01", CEES, version="v3") == 0
    assert collection.selected() == ["000006"]
    assert "Dit bestand telt nu mee voor verslagjaar 2023." in collection.mail("000006")
    settings.write_text("[rounds.2025]\nextension_end = 2025-06-01\n")
    collection.said()
    assert main(["deliveries", "--home", str(collection.home)]) == 1
    assert "rounds.2025" in collection.said()
