"""A few hundred mutated deliveries; `make soak` tries 20,000. A seed that ever found something is kept here.

Belongs here: the short form and the seeds. Does not belong here: how a file is made and judged (``fuzzing.py``).
"""

from pathlib import Path

import pytest

from tests.fuzzing import assert_checked_well, assert_the_command_survives, mutated

FILES = 300
COMMANDS = 20


@pytest.mark.parametrize("first", range(0, FILES, 50))
def test_mutated_files(first: int, tmp_path: Path) -> None:
    verdicts = [assert_checked_well(seed, tmp_path) for seed in range(first, first + 50)]
    # Files that are still right belong to it, and most are not.
    assert {verdict.approved for verdict in verdicts} == {True, False}


def test_the_command_survives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(COMMANDS):
        assert_the_command_survives(seed, tmp_path, capsys)


def test_a_seed_gives_the_same_file_every_time() -> None:
    assert [mutated(seed) for seed in range(20)] == [mutated(seed) for seed in range(20)]
    assert len({mutated(seed) for seed in range(FILES)}) > FILES * 0.9
