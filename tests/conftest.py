"""Set-up of every test: no settings of the machine, and no hypothesis deadline, as the machine may be busy."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from dakl_pipeline.reference.code_lists import use_code_lists

settings.register_profile("unhurried", deadline=None, print_blob=True)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("DAKL_") and not name.startswith("DAKL_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_code_lists_of_another_test() -> None:
    use_code_lists({})


@pytest.fixture(autouse=True, scope="session")
def _state_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What homes keep outside themselves, such as the heads of the audit log, does not reach the user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
