"""The list of deliveries for an analyst: Dutch times, the reason for each status, and filters."""

import csv
import json
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from tests.support.small_home import BRAM, deliver, delivery, make_home, row


def test_a_late_file_says_so_and_times_are_dutch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path)
    late = delivery(tmp_path / "files", "DAKL_J2024_Almelo.csv", row())
    wrong = delivery(tmp_path / "files", "DAKL_J2024_wrong.csv", row("x"))
    for file in (late, wrong):
        said = ["deliver", str(file), "--supplier", "almelo", "--received-at", "2025-07-01T00:30", "--home", str(home)]
        assert main(said) == 1
    capsys.readouterr()
    assert main(["deliveries", "--home", str(home)]) == 0
    first, second = capsys.readouterr().out.splitlines()[1:3]
    assert "2025-07-01 00:30" in first
    assert "rejected: outside the delivery window" in first
    # Its values are wrong too.
    assert "rejected by the technical check" in second


AHEAD = "AFGEKEURD: "
WRONG = "het hele bestand is geweigerd"
LATE = "ontvangen buiten de aanleverperiode; in het bestand zelf zijn geen fouten gevonden"
BOTH = "het hele bestand is geweigerd, om fouten en omdat het buiten de aanleverperiode is ontvangen"


@pytest.mark.parametrize(
    ("line", "name", "received", "verdict", "in_the_log"),
    [
        (row(), "DAKL_J2024_a.csv", "2025-07-01", LATE, "rejected: outside the delivery window"),
        (row(gemeente="141"), "DAKL_J2024_a.csv", "2025-07-01", LATE, "rejected: outside the delivery window"),
        (row(""), "DAKL_J2024_a.csv", "2025-01-01", LATE, "rejected: outside the delivery window"),
        (row("x"), "DAKL_J2024_a.csv", "2025-05-01", WRONG, "rejected by the technical check"),
        (row(), "DAKL_J2024_é.csv", "2025-05-01", WRONG, "rejected by the technical check"),
        (
            row("x"),
            "DAKL_J2024_a.csv",
            "2025-07-01",
            BOTH,
            "rejected by the technical check, and outside the delivery window",
        ),
    ],
    ids=["late", "late with a notice", "early with a warning", "wrong", "its name only", "late and wrong"],
)
def test_why_a_file_is_rejected(
    line: str,
    name: str,
    received: str,
    verdict: str,
    in_the_log: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = make_home(tmp_path)
    capsys.readouterr()
    assert deliver(home, delivery(tmp_path / "files", name, line), "almelo", at=received) == 1
    assert f"{AHEAD}{verdict}" in capsys.readouterr().out.splitlines()
    assert main(["deliveries", "--json", "--home", str(home)]) == 0
    assert [entry["reason"] for entry in json.loads(capsys.readouterr().out)] == [in_the_log]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corrected file, a rejected one, one of another year, and a withdrawal."""
    folder = tmp_path_factory.mktemp("log")
    home = make_home(folder)
    for name, supplier, code, rows in (
        ("DAKL_J2024_first.csv", "mo-a", 0, [row()]),
        ("DAKL_J2024_second.csv", "mo-a", 0, [row(), row(BRAM)]),
        ("DAKL_J2024_wrong.csv", "mo-b", 1, [row("x")]),
        ("DAKL_J2023_old.csv", "mo-b", 0, [row(start="2023-01-01", end="2023-02-01")]),
        ("DAKL_J2024_gone.csv", "mo-c", 0, [row()]),
    ):
        assert deliver(home, delivery(folder, name, *rows), supplier) == code
    assert main(["withdraw", "--supplier=mo-c", "--year=2024", "--at=2025-07-01T00:30", "--home", str(home)]) == 0
    return home


# Options -> the entries that are shown.
CHOSEN = {
    "": "123456",
    "--year=2024": "12356",
    "--supplier=mo-b": "34",
    "--supplier=mo-b --year=2023": "4",
    "--verdict=approved": "1245",
    "--verdict=Rejected": "3",
    "--verdict=withdrawal": "6",
    "--selected": "24",
    "--selected --year=2024 --supplier=mo-a": "2",
    "--selected --verdict=rejected": "",
}


@pytest.mark.parametrize("options", CHOSEN)
def test_choosing_among_the_entries(options: str, collection: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*more: str) -> str:
        capsys.readouterr()
        assert main(["deliveries", *options.split(), *more, "--home", str(collection)]) == 0
        return capsys.readouterr().out

    ids = [f"00000{place}" for place in CHOSEN[options]]
    assert [each["delivery_id"] for each in json.loads(said("--json"))] == ids
    rows = list(csv.DictReader(StringIO(said("--csv"))))
    assert [each["delivery_id"] for each in rows] == ids
    assert all(datetime.fromisoformat(each["received_at"]).tzinfo for each in rows)
    *table, total = said().splitlines()
    # In a pipe an entry is one line, and nothing is truncated.
    assert [line.split()[0] for line in table[1:]] == ids
    assert total.startswith(f"{len(ids)} {'delivery' if len(ids) == 1 else 'deliveries'}, ")
    assert total.endswith("Times: Europe/Amsterdam.")
