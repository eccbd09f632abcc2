"""The services of a team, started with the commands of the units under ``deploy/systemd``."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.environment import DEADLINE_SECONDS, free_port, wait_until
from tests.support.paths import ROOT

DEPLOY = ROOT / "deploy"
UNITS = {path.stem.removeprefix("dakl-"): path for path in sorted((DEPLOY / "systemd").glob("*.service"))}
HOST = "127.0.0.1"
_PORT, _PROGRAMS, _SOCKET = "3000", "/opt/dakl/bin/", "/run/dakl/code.sock"
_WORKSPACE = "/etc/dakl/workspace.yaml"


def unit(name: str) -> ConfigParser:
    """A unit as shipped; a repeated key has all its values, one per line."""
    read = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(UNITS[name], encoding="utf-8")
    return read


def command(name: str) -> list[str]:
    """The command of a unit, split into words."""
    return unit(name)["Service"]["ExecStart"].split()


@dataclass(frozen=True)
class Team:
    """Running services.

    Attributes:
        port: Port of the webserver.
        logs: The log of each service, by name.
    """

    port: int
    logs: Mapping[str, Path]

    def ask(self, query: str, **variables: Any) -> Any:
        """Query the webserver by GraphQL."""
        request = urllib.request.Request(
            f"http://{HOST}:{self.port}/graphql",
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"Content-Type": "application/json", "Origin": f"http://{HOST}:{self.port}"},
        )
        with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as answer:
            return json.load(answer)["data"]


@contextmanager
def running_team(folder: Path, environments: Mapping[str, Mapping[str, str]]) -> Iterator[Team]:
    """Start all units, and stop them as systemd does.

    Args:
        folder: A folder with a short name, for the socket and the logs.
        environments: Variables by unit.

    Yields:
        The services, once the webserver knows the assets.

    Raises:
        RuntimeError: If one ends unexpectedly, or does not stop.
    """
    port, socket, workspace = free_port(), folder / "code.sock", folder / "workspace.yaml"
    shipped = (DEPLOY / "workspace.yaml").read_text(encoding="utf-8")
    workspace.write_text(shipped.replace(_SOCKET, str(socket)), encoding="utf-8")
    places = {_SOCKET: str(socket), _WORKSPACE: str(workspace), _PORT: str(port)}
    team = Team(port, {name: folder / f"{name}.log" for name in UNITS})
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(_service(name, places, environments[name], folder, team.logs[name]))
            for name in UNITS
        }

        def has_assets() -> bool:
            for name, process in processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"dakl-{name} ended:\n{team.logs[name].read_text()}")
            try:
                return bool(team.ask("{ assetNodes { id } }")["assetNodes"])
            except OSError:
                return False

        wait_until(has_assets)
        yield team


@contextmanager
def _service(
    name: str, places: Mapping[str, str], environment: Mapping[str, str], folder: Path, log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    program, *arguments = [places.get(word, word) for word in command(name)]
    own = {variable: value for variable, value in os.environ.items() if not variable.startswith(("DAKL_", "DAGSTER_"))}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name(program.removeprefix(_PROGRAMS))), *arguments],
            cwd=folder,
            env={**own, **environment},
            umask=int(unit(name)["Service"]["UMask"], 8),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"dakl-{name} does not stop:\n{log.read_text()}") from None
        finally:
            # The remaining processes of a service are killed, as systemd does.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
