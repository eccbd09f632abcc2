"""The Dagster UI of a home: ``dakl ui``."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from dakl_pipeline.cli import output
from dakl_pipeline.cli.dagster_home import prepare_instance
from dakl_pipeline.errors import Refused
from resources.config.environment import load_environment
from resources.config.home import Home
from resources.storage.files import is_plain

_HOST = "127.0.0.1"
# The same name however the UI is started, so that a sensor never fires twice.
_WORKSPACE = """\
load_from:
  - python_module:
      module_name: dakl_pipeline.definitions
      location_name: dakl_pipeline
"""
# `dagster dev` warns on every start that `dg dev` supersedes it, but `dg dev` needs another project layout.
_DEV_IS_FOR_US = "ignore:Function `dev_command` is superseded"
# Time for the services to write their state; a hard kill does no harm either.
_SECONDS_TO_END = 2.0


def serve_ui(home: Home, port: int) -> None:
    """Run the Dagster UI and daemon for this home, on 127.0.0.1 only, until Ctrl-C.

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
    workspace = folder / "workspace.yaml"
    workspace.write_text(_WORKSPACE, encoding="utf-8")
    # SQLAlchemy cannot misread the working directory of this process, which does not change while the UI runs.
    dagster_home = folder if is_plain(folder) else Path(f"/proc/{os.getpid()}/cwd")
    os.environ.update(DAKL_HOME=str(home.root), DAGSTER_HOME=str(dagster_home))
    if (key_file := load_environment().pseudonym_key_file) is not None:
        os.environ["DAKL_PSEUDONYM_KEY_FILE"] = str(key_file.resolve())
    # Dagster looks for modules, settings and a .env file in its working directory, so make that the home.
    os.chdir(folder)
    from dakl_pipeline.cli.landing import landing_path

    output.say(f"All assets, opened: {address}{landing_path()}")
    sys.stdout.flush()
    program = [sys.executable, "-W", _DEV_IS_FOR_US, "-m", "dagster", "dev", "--workspace", str(workspace)]
    _serve([*program, "--host", _HOST, "--port", str(port)])


def _serve(program: Sequence[str]) -> None:
    """Run Dagster until it ends or this process receives SIGINT or SIGTERM."""
    # A command that a shell starts in the background ignores SIGINT, and Dagster would inherit that.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    reading, writing = os.pipe()
    is_over = threading.Event()
    forwarding = threading.Thread(target=_forward, args=(reading, is_over), daemon=True)
    # A process group of its own, so that all services can be killed if they do not end by themselves.
    with subprocess.Popen(  # noqa: S603 - no shell, fixed program
        program, process_group=0, stdout=writing, stderr=writing
    ) as dagster:
        os.close(writing)
        forwarding.start()
        try:
            code = dagster.wait()
        except KeyboardInterrupt:
            # A service that outlives another prints tracebacks.
            is_over.set()
            _end(dagster)
            return
        forwarding.join(_SECONDS_TO_END)
    if code != 0:
        raise Refused(f"Dagster stopped with exit code {code}: see its output above")


def _forward(reading: int, is_over: threading.Event) -> None:
    """Print the output of Dagster until ``is_over`` is set."""
    while said := os.read(reading, 1 << 16):
        if not is_over.is_set():
            sys.stdout.buffer.write(said)
            sys.stdout.buffer.flush()


def _end(dagster: subprocess.Popen[bytes]) -> None:
    os.killpg(dagster.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        dagster.wait(_SECONDS_TO_END)
    with suppress(ProcessLookupError):
        os.killpg(dagster.pid, signal.SIGKILL)


def _require_usable(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise Refused(f"port {port} cannot be used ({error.strerror}): name another with --port") from None
