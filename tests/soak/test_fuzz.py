"""20,000 mutated deliveries, and a sample of them through the command line."""

import os
from pathlib import Path

import pytest

from tests.support.fuzzing import assert_checked_well, assert_the_command_survives

pytestmark = pytest.mark.soak

FILES = int(os.environ.get("DAKL_TEST_FUZZ_FILES", "20000"))
FIRST = int(os.environ.get("DAKL_TEST_FUZZ_FIRST", "0"))
PARTS = 20


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_files(part: int, tmp_path: Path) -> None:
    for seed in range(FIRST + part, FIRST + FILES, PARTS):
        try:
            assert_checked_well(seed, tmp_path)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_the_command_survives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(FIRST, FIRST + FILES, 20):
        try:
            assert_the_command_survives(seed, tmp_path, capsys)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
