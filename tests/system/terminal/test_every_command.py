"""Every command in a real terminal, narrow and wide: it ends, prints little, and leaves the terminal as it was.

Output into a pipe is tested elsewhere; a program that works there can still freeze in a terminal.
"""

import shutil
from pathlib import Path

import pytest
import typer

from dakl_pipeline.cli.app import app
from tests.support.small_home import counted_home, deliver, delivery, row
from tests.support.terminal import running

MOST_BYTES = 200_000
_HIDE, _SHOW = b"\x1b[?25l", b"\x1b[?25h"

# Arguments of every command; ``{home}`` is a home with three counted years, ``{folder}`` a folder for output.
COMMANDS: dict[str, str] = {
    "check": "{file}",
    "deliver": "{file} --supplier gemeente-almelo --received-at 2025-05-02 --home {home}",
    "withdraw": "--supplier gemeente-almelo --year 2024 --at 2025-07-01 --home {home}",
    "deliveries": "--home {home}",
    "cancel": "000003 --why Vergissing --home {home}",
    "run": "--year 2024 --force --home {home}",
    "figures": "--year 2024 --by leeftijd --home {home}",
    "export": "statistics.coverage --out {folder}/coverage.csv --home {home}",
    "generate": "--out {folder}/made --persons 200 --suppliers 3 --year 2024 --seed 1",
    "explain-figure": "--year 2024 --region Almelo --home {home}",
    "report": "--supplier gemeente-almelo --year 2024 --home {home}",
    "explain-finding": "Klopt --supplier gemeente-almelo --year 2024 --rule long_open --home {home}",
    "mails": "--home {home}",
    "doctor": "--home {home}",
    "backup": "--out {folder}/home.tar.gz --home {home}",
    "restore": "{backup} --home {folder}/restored",
    "audit show": "--home {home}",
    "audit verify": "--home {home}",
    "upgrade": "--home {home}",
    "key create": "--home {folder}/keyed",
    "key rotate": "--yes --home {home}",
    "key destroy": "--yes --home {home}",
}
# Tested separately: they take a minute, or run until they are stopped.
ELSEWHERE = {"demo", "ui"}


def _names(command: object, path: str = "") -> set[str]:
    """The names of all commands, as a person types them."""
    commands = getattr(command, "commands", None)
    if commands is None:
        return {path.strip()}
    return {name for part, inner in commands.items() for name in _names(inner, f"{path} {part}")}


def test_no_command_is_left_out() -> None:
    assert _names(typer.main.get_command(app)) == set(COMMANDS) | ELSEWHERE


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``home`` and ``home.tar.gz``, to be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    home = counted_home(folder)
    with running(["dakl", "backup", "--out", str(folder / "home.tar.gz"), "--home", str(home)], columns=80) as terminal:
        assert terminal.wait() == 0
    return folder


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_a_terminal(name: str, columns: int, prepared: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(prepared / "home", tmp_path / "home"))
    file = delivery(tmp_path, "DAKL_J2024_terminal.csv", row(), row("100000009"))
    arguments = COMMANDS[name].format(home=home, file=file, backup=prepared / "home.tar.gz", folder=tmp_path)
    with running(["dakl", *name.split(), *arguments.split()], columns=columns) as terminal:
        code = terminal.wait()
    assert code == 0, terminal.text
    assert terminal.text.strip()
    assert "Traceback" not in terminal.text
    assert len(terminal.output) <= MOST_BYTES
    # A progress bar that hid the cursor has shown it again.
    assert terminal.output.count(_HIDE) == 0 or terminal.output.rfind(_SHOW) > terminal.output.rfind(_HIDE)
    if terminal.progress:
        assert [done for done, _ in terminal.progress] == sorted(done for done, _ in terminal.progress)


def test_the_bar_of_a_run_moves_stage_by_stage(prepared: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(prepared / "home", tmp_path / "home"))
    command = ["dakl", "run", "--year", "2024", "--year", "2023", "--force", "--home", str(home)]
    with running(command, columns=80) as terminal:
        assert terminal.wait() == 0
    seen = [done for done, of in terminal.progress if of > 2]
    assert len(set(seen)) > 5
    assert seen == sorted(seen)
    # Only results stay on the screen.
    assert sorted(line[:5] for line in terminal.lines) == ["2023:", "2024:"]


def test_outcomes_go_to_the_file_that_they_were_sent_to(prepared: Path, tmp_path: Path) -> None:
    """Even while a progress bar is drawn on the terminal, which uses standard error."""
    home = Path(shutil.copytree(prepared / "home", tmp_path / "home"))
    program = f"dakl run --year 2024 --force --home '{home}' > '{tmp_path}/out.txt'"
    with running(["bash", "-c", program], columns=80) as terminal:
        assert terminal.wait() == 0
    assert (tmp_path / "out.txt").read_text().startswith("2024: 2 unique persons")
    assert "unique persons" not in terminal.text
    assert terminal.progress


def test_a_pipe_gets_no_bar_whatever_the_environment_says(prepared: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(prepared / "home", tmp_path / "home"))
    program = f"dakl run --year 2024 --force --home '{home}' 2> '{tmp_path}/err.txt'"
    with running(["bash", "-c", program], columns=80, environment={"FORCE_COLOR": "1"}) as terminal:
        assert terminal.wait() == 0
    assert (tmp_path / "err.txt").read_bytes() == b""
    assert terminal.lines == ["2024: 2 unique persons in 1 region, from 1 selected file"]


@pytest.mark.parametrize("columns", [80, 200])
def test_tables_keep_ids_and_file_names_whole(columns: int, prepared: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(prepared / "home", tmp_path / "home"))
    supplier, name = (
        "mo-met-een-lange-naam-in-het-noorden",
        "DAKL_J2024_Een lange naam_v2.csv",
    )
    assert deliver(home, delivery(tmp_path, name, row()), supplier) == 0
    for command in ("deliveries", "mails", "explain-figure --year 2024 --region nl"):
        with running(["dakl", *command.split(), "--home", str(home)], columns=columns) as terminal:
            assert terminal.wait() == 0, terminal.text
        tables = [
            line
            for line in terminal.text.splitlines()
            if not line.startswith(("Exact counts", "Vintage ", "They are "))
        ]
        assert all(len(line) <= columns for line in tables), command
    with running(["dakl", "deliveries", "--year", "2024", "--home", str(home)], columns=columns) as terminal:
        assert terminal.wait() == 0
    entries = [line for line in terminal.lines if line.startswith("00000")]
    assert [line.split()[0] for line in entries] == ["000002", "000003", "000004"]
    assert supplier in entries[-1]
    assert name in terminal.text
    # One line where there is room, else two or three.
    assert len(terminal.lines) <= (3 + 2 if columns == 200 else 3 * 3 + 4)


def test_a_colour_setting_makes_no_terminal_of_a_pipe(prepared: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(prepared / "home", tmp_path / "home"))
    program = f"dakl deliveries --home '{home}' > '{tmp_path}/out.txt'"
    with running(["bash", "-c", program], columns=80, environment={"FORCE_COLOR": "1"}) as terminal:
        assert terminal.wait() == 0
    first, *entries, _ = (tmp_path / "out.txt").read_text().splitlines()
    assert first.startswith("delivery_id  supplier")
    assert len(entries) == 3
