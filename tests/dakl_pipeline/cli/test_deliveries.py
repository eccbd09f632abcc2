"""The list of deliveries as an analyst reads it: on the Dutch clock, with the reason of each."""

import json
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from tests.small_world import deliver, delivery, make_home, row


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
