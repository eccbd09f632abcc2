"""What Dagster's own webserver serves: the guard before it knows every path that changes something."""

from typing import Any

from dagster_webserver.webserver import DagsterWebserver
from starlette.routing import Mount, Route, WebSocketRoute

_READING = {
    "/",
    "/{path:path}",
    "/server_info",
    "/dagit_info",
    "/notebook",
    "/dagit/notebook",
    "/logs/{path:path}",
    "/download_debug/{run_id:str}",
}
_CHANGING = {
    "/report_asset_materialization/{asset_key:path}",
    "/report_asset_check/{asset_key:path}",
    "/report_asset_observation/{asset_key:path}",
}


def test_only_graphql_changes_something_by_a_method_that_also_reads() -> None:
    """A new version of Dagster with another route fails here: see whether the guard is right about it."""
    served: dict[str, set[str]] = {}
    webserver: Any = DagsterWebserver(process_context=None)
    for route in webserver.build_routes():
        if isinstance(route, Mount) or route.name == "root_static":
            continue
        methods = {"WEBSOCKET"} if isinstance(route, WebSocketRoute) else set(route.methods or ())
        assert isinstance(route, Route | WebSocketRoute)
        served.setdefault(route.path, set()).update(methods)
    assert served.pop("/graphql") == {"GET", "HEAD", "POST", "WEBSOCKET"}
    assert served == {path: {"GET", "HEAD"} for path in _READING} | {path: {"POST"} for path in _CHANGING}
