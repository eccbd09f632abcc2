"""Settings and the key: their sources, the order of precedence, and access to the key file."""

from pathlib import Path

import pytest

from dakl_pipeline.errors import Missing, Refused
from resources.config.environment import load_environment
from resources.config.home import Home
from resources.config.secret_key import create_key, load_key
from resources.config.settings import load_methodology
from tests.support.keys import FIRST_KEY, OTHER_KEY, THIRD_KEY

A, B, C = FIRST_KEY, OTHER_KEY, THIRD_KEY


@pytest.mark.parametrize(
    ("in_environment", "in_named_file", "in_home", "expected"),
    [
        (A, B, C, A),
        (None, B, C, B),
        (None, None, C, C),
        (f"{A}\n", None, None, A),
        ("", None, C, C),
    ],
)
def test_where_the_key_comes_from(
    in_environment: str | None,
    in_named_file: str | None,
    in_home: str | None,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = Home(tmp_path)
    if in_home:
        home.key_file.write_text(in_home)
        home.key_file.chmod(0o600)
    if in_environment is not None:
        monkeypatch.setenv("DAKL_PSEUDONYM_KEY", in_environment)
    if in_named_file:
        (tmp_path / "mounted").write_text(f"{in_named_file}\n")
        # A mounted secret may belong to a group.
        (tmp_path / "mounted").chmod(0o440)
        monkeypatch.setenv("DAKL_PSEUDONYM_KEY_FILE", str(tmp_path / "mounted"))
    assert load_key(home, load_environment()).reveal() == expected


@pytest.mark.parametrize(
    ("place", "mode", "is_used"),
    [
        ("home", 0o600, True),
        ("home", 0o400, True),
        *(("home", mode, False) for mode in (0o644, 0o640, 0o620, 0o604, 0o666, 0o610)),
        *(("elsewhere", mode, True) for mode in (0o600, 0o440, 0o640)),
        *(("elsewhere", mode, False) for mode in (0o644, 0o660, 0o642, 0o601)),
    ],
)
def test_a_key_file_that_others_may_read_or_write_is_refused(
    place: str, mode: int, is_used: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    file = create_key(home)
    if place == "elsewhere":
        file = file.rename(tmp_path / "mounted")
        monkeypatch.setenv("DAKL_PSEUDONYM_KEY_FILE", str(file))
    file.chmod(mode)
    if is_used:
        load_key(home, load_environment())
    else:
        with pytest.raises(Refused, match="close it with `chmod "):
            load_key(home, load_environment())
    assert file.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("key", ["0" * 64, "ab" * 32, bytes(range(32)).hex()])
def test_a_key_that_can_be_guessed_is_refused_wherever_it_comes_from(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    create_key(home).write_text(key)
    with pytest.raises(Refused, match="can be guessed") as refused:
        load_key(home, load_environment())
    assert key not in str(refused.value)
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY", key)
    with pytest.raises(Refused, match="can be guessed"):
        load_key(Home(tmp_path / "other"), load_environment())


def test_the_environment_does_not_show_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY", A)
    assert A not in repr(load_environment()) + str(load_environment().model_dump())


def test_no_key(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="dakl key create"):
        load_key(Home(tmp_path), load_environment())


def test_two_keys_are_never_the_same_and_none_is_overwritten(tmp_path: Path) -> None:
    keys = [create_key(Home(tmp_path / name)).read_text() for name in ("one", "two")]
    assert keys[0] != keys[1]
    with pytest.raises(Refused):
        create_key(Home(tmp_path / "one"))


def test_a_home_replaces_settings(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.settings_file.write_text("reporting_years = [2024]\nadult_age = 21\n")
    methodology = load_methodology(home)
    assert methodology.reporting_years == (2024,)
    assert methodology.adult_age == 21
    assert methodology.missing_bsn_values == load_methodology(Home(tmp_path / "other")).missing_bsn_values
