"""A few hundred mutated deliveries; `make soak` tries 20,000. Seeds that once found a problem are kept here."""

from pathlib import Path

import pytest

from tests.support.fuzzing import assert_checked_well, assert_the_command_survives, mutated

FILES = 300
COMMANDS = 20
# CR CR LF: a lone CR before a line end, which a reader may take as part of it.
KEPT_SEEDS = (568, 590, 692)


@pytest.mark.parametrize("first", range(0, FILES, 50))
def test_mutated_files(first: int, tmp_path: Path) -> None:
    verdicts = [assert_checked_well(seed, tmp_path) for seed in range(first, first + 50)]
    # Some mutated files are still valid, most are not.
    assert {verdict.approved for verdict in verdicts} == {True, False}


@pytest.mark.parametrize("seed", KEPT_SEEDS)
def test_a_seed_that_found_something(seed: int, tmp_path: Path) -> None:
    assert not assert_checked_well(seed, tmp_path).approved


def test_the_command_survives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(COMMANDS):
        assert_the_command_survives(seed, tmp_path, capsys)


def test_a_seed_gives_the_same_file_every_time() -> None:
    assert [mutated(seed) for seed in range(20)] == [mutated(seed) for seed in range(20)]
    assert len({mutated(seed) for seed in range(FILES)}) > FILES * 0.9
