"""The list of deliveries as an analyst reads it: on the Dutch clock, with the reason of each."""

from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from tests.small_world import delivery, make_home, row


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
