"""The code of a municipality that ended counts for its successor."""

from pathlib import Path

import pytest

from tests.support.small_home import BRAM, cells, deliver, delivery, figures_home, row, run


def test_stays_under_old_codes_count_with_a_notice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = figures_home(tmp_path)
    old = delivery(tmp_path, "DAKL_J2024_oud.csv", row(gemeente="0545"), row(BRAM, gemeente="0017"))
    capsys.readouterr()
    assert deliver(home, old, "mo-oud") == 0
    said = capsys.readouterr().out
    assert run(home, 2024) == 0
    counts = cells(home, 2024)
    assert {code for code, _, _ in counts} == {"CR39", "CR22", "NL"}
    assert counts["NL", "totaal", "totaal"] == 2
    assert said.count("gemeente") > 1
