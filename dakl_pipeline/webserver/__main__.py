"""Serves the Dagster UI: the part of ``dagster-webserver`` that this project uses, with the guard around it."""

import argparse
import logging
import sys
from collections.abc import Sequence

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._utils.log import configure_loggers
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

from dakl_pipeline.errors import DaklError
from dakl_pipeline.webserver.guard import Guard
from resources.config.environment import load_environment

# Those of `dagster-webserver`: milliseconds for a statement of the database, seconds and number of its connections.
_STATEMENT_TIMEOUT, _POOL_RECYCLE, _MOST_CONNECTIONS = 15_000, 3_600, 20


def main(argv: Sequence[str] | None = None) -> None:
    """Serve the UI of the instance of ``DAGSTER_HOME`` until SIGINT or SIGTERM.

    Args:
        argv: Arguments; the process arguments when None.
    """
    parser = argparse.ArgumentParser(prog="python -m dakl_pipeline.webserver", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=3000, help="the port to listen on")
    parser.add_argument("--workspace", required=True, help="the file that says where the code is")
    asked = parser.parse_args(argv)
    try:
        addresses = load_environment().ui_address
    except DaklError as error:
        sys.stderr.write(f"dakl: {error}\n")
        sys.exit(error.exit_code)
    own = [f"http://{name}:{asked.port}" for name in ("127.0.0.1", "localhost")]
    configure_loggers()
    with (
        DagsterInstance.get() as instance,
        WorkspaceProcessContext(
            instance, WorkspaceFileTarget([asked.workspace]), version=__version__, read_only=False
        ) as context,
    ):
        instance.optimize_for_webserver(_STATEMENT_TIMEOUT, _POOL_RECYCLE, _MOST_CONNECTIONS)
        app = create_app_from_workspace_process_context(context)
        logging.getLogger("dagster-webserver").info("Serving dagster-webserver on http://%s:%s", asked.host, asked.port)
        # What a proxy says of the visitor is not believed: the guard needs no such headers.
        uvicorn.run(
            Guard(app, [*own, *addresses]),
            host=asked.host,
            port=asked.port,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
        )


if __name__ == "__main__":
    main()
