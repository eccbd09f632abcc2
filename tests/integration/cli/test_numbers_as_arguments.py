"""No whole number that a command takes is repeated when it could be the number of a person."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from dakl_pipeline.cli import main
from dakl_pipeline.cli.app import app
from tests.support.small_home import ANNA, make_home

_OTHERS = {
    "--year": "2024",
    "--supplier": "mo-a",
    "--region": "NL",
    "--out": "out",
    "--persons": "1",
    "--suppliers": "1",
    "--seed": "1",
    "--why": "x",
    "--rule": "x",
    "--text": "x",
}


def _asked() -> Iterator[tuple[str, str]]:
    """Every command with each of its options for a whole number."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for name, command in group.commands.items():
        for parameter in command.params:
            if "int" in str(vars(parameter)["type_descriptor"].annotation):
                yield name, parameter.opts[0]


ASKED = sorted(_asked())


@pytest.mark.parametrize(("command", "option"), ASKED)
@pytest.mark.parametrize("number", [ANNA, f"-{ANNA}", "20250605", "2912345678", f"{ANNA}x"])
def test_a_whole_number_is_not_repeated(
    command: str,
    option: str,
    number: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whatever would serve, count or invent people for hours.
    monkeypatch.setattr("dakl_pipeline.cli.ui.serve_ui", lambda home, port: None)
    monkeypatch.setattr("dakl_pipeline.synthetic.generate_population", lambda plan: None)
    monkeypatch.setattr("dakl_pipeline.cli.synthetic_data.write_population", lambda population, out: None)
    home = make_home(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "filled").touch()
    monkeypatch.chdir(tmp_path)
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    needed = [each.opts[0] for each in group.commands[command].params if each.required and each.opts[0] != option]
    words = [word for name in needed for word in ([name, _OTHERS[name]] if name.startswith("-") else ["x"])]
    capfd.readouterr()
    main([command, *words, f"{option}={number}", "--home", str(home)])
    said = capfd.readouterr()
    shown = (said.out + said.err).replace(str(tmp_path), "")
    assert "Traceback" not in shown
    assert number.strip("-x") not in shown


def test_every_command_that_asks_for_a_year_is_asked() -> None:
    assert {command for command, option in ASKED if option == "--year"} >= {"run", "figures", "check", "withdraw"}
