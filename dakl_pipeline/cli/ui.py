"""The Dagster UI of a home: ``dakl ui``."""

import json
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dakl_pipeline.cli import output
from dakl_pipeline.cli.dagster_home import prepare_instance
from dakl_pipeline.cli.services import Service, serve_together
from dakl_pipeline.errors import Refused
from resources.config.environment import load_environment
from resources.config.home import Home
from resources.storage.files import is_plain

_HOST = "127.0.0.1"
# As in `dagster dev`: an error in the code is printed once, without the frames of Dagster.
_TERSE = {"DAGSTER_IS_DEV_CLI": "1", "DAGSTER_verbose": ""}


def serve_ui(home: Home, port: int) -> None:
    """Run the Dagster UI and daemon for this home, on 127.0.0.1 only, until Ctrl-C.

    They are the services of a server (``deploy/systemd``), so that the webserver is guarded here too.

    Args:
        home: The home.
        port: TCP port.

    Raises:
        Refused: If the port cannot be used, or Dagster does not start.
    """
    _require_usable(port)
    address = f"http://{_HOST}:{port}"
    output.say(f"Dagster UI: {address} in about half a minute (stop with Ctrl-C)")
    folder = prepare_instance(home)
    # SQLAlchemy cannot misread the working directory of this process, which does not change while the UI runs.
    dagster_home = folder if is_plain(folder) else Path(f"/proc/{os.getpid()}/cwd")
    os.environ.update(DAKL_HOME=str(home.root), DAGSTER_HOME=str(dagster_home), **_TERSE)
    if (key_file := load_environment().pseudonym_key_file) is not None:
        os.environ["DAKL_PSEUDONYM_KEY_FILE"] = str(key_file.resolve())
    # Dagster looks for modules, settings and a .env file in its working directory, so make that the home.
    os.chdir(folder)
    from dakl_pipeline.cli.landing import landing_path

    output.say(f"All assets, opened: {address}{landing_path()}")
    sys.stdout.flush()
    with _code_socket() as (listening, workspace):
        serve_together(_services(port, listening, workspace))


def _services(port: int, listening: Path, workspace: Path) -> list[Service]:
    from dakl_pipeline.cli.origin import LOCATION

    # -P: no module of the working directory goes before an installed one.
    python = [sys.executable, "-P", "-m"]
    code = ["--socket", str(listening), "--module-name", "dakl_pipeline.definitions", "--location-name", LOCATION]
    where = ["--workspace", str(workspace)]
    return [
        Service(
            "code server",
            [*python, "dagster", "code-server", "start", *code, "--log-level", "warning"],
            is_ready=lambda: _is_served(listening),
        ),
        Service("webserver", [*python, "dakl_pipeline.webserver", "--host", _HOST, "--port", str(port), *where]),
        Service("daemon", [*python, "dagster._daemon", "run", *where]),
    ]


@contextmanager
def _code_socket() -> Iterator[tuple[Path, Path]]:
    """The socket of the code, with a short name and for this account only, and the workspace file that names it."""
    from dakl_pipeline.cli.origin import LOCATION

    with tempfile.TemporaryDirectory(prefix="dakl-") as folder:
        listening, workspace = Path(folder, "code.sock"), Path(folder, "workspace.yaml")
        location = {"socket": str(listening), "location_name": LOCATION}
        workspace.write_text(json.dumps({"load_from": [{"grpc_server": location}]}), encoding="utf-8")
        yield listening, workspace


def _is_served(listening: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(listening)) == 0


def _require_usable(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise Refused(f"port {port} cannot be used ({error.strerror}): name another with --port") from None
