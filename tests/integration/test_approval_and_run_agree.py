"""The number of eligible registrations in an approval equals that of the run."""

from pathlib import Path

from tests.support.readings import REGISTRATIONS, reading_of
from tests.support.small_home import DORA, coverage, deliver, delivery, figures_home, row, run


def test_the_run_counts_the_same_registrations(tmp_path: Path) -> None:
    home = figures_home(tmp_path)
    rows = [registration for registration, _ in REGISTRATIONS]
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_x.csv", *rows), "gemeente-almelo") == 0
    # Another supplier, and a person who is 18 on the last day: the register changes nothing here.
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_y.csv", row(DORA), row("")), "gemeente-tubbergen") == 0
    assert run(home, 2024) == 0
    read = [reading_of(*rows), reading_of(row(DORA), row(""))]
    counted = coverage(home, 2024)
    assert counted["NL", "registrations"] == sum(each.registrations for each in read)
    assert counted["NL", "counting_registrations"] == sum(each.counting for each in read)
    # The four registrations without a usable number are no persons, however similar they are.
    assert counted["NL", "persons_v_number_only"] == 1
