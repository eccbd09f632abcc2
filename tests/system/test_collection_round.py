"""A collection round with a real daemon: the short form; `make soak` has the long one."""

from pathlib import Path

import pytest

from tests.support.collection_round import assert_a_collection_round_ends_well


def test_a_small_season_ends_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_a_collection_round_ends_well(tmp_path, monkeypatch, suppliers=4, persons=60, bursts=2, years=(2024,))
