"""Every attack that was carried out on an earlier version fails on this one."""

import sys
from pathlib import Path

import pytest

from tests.attacks.all_attacks import ALL
from tests.attacks.attack import Attack, Target


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.number)
def test_attack_fails(attack: Attack, tmp_path: Path) -> None:
    assert attack.run(Target(Path(sys.executable).parent / "dakl", tmp_path)) is None


def test_no_number_is_given_twice() -> None:
    assert len({attack.number for attack in ALL}) == len(ALL)
