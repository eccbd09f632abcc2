"""The reverse proxy as shipped, in a real nginx: no access without a login, or from a page on another site.

Each table is carried out twice: before an application that answers everything, which shows what nginx refuses by
itself, and before that application with the guard of the webserver around it, which must refuse no more than that.
"""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from dakl_pipeline.cli.landing import landing_path
from dakl_pipeline.webserver.guard import Guard
from tests.support.environment import free_port, wait_until
from tests.support.proxy import LOGIN, NAME, Proxy, running_proxy
from tests.support.services import HOST

OWN = f"https://{NAME}"
SIBLING = "https://wiki.internal"
IMAGE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
LINK = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FRAME = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
MUTATION = "/graphql?query=mutation+%7BwipeAssets%7D"


async def _echo(request: Request) -> JSONResponse:
    """Answers with the request headers."""
    return JSONResponse(dict(request.headers))


async def _open(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
_ECHO = Starlette(routes=[WebSocketRoute("/graphql", _open), Route("/{path:path}", _echo, methods=_METHODS)])


@contextmanager
def _served(application: ASGIApp) -> Iterator[int]:
    """Serve an application on a free port."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(application, host=HOST, port=port, log_level="warning", proxy_headers=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield port
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module", params=["nginx alone", "with the guard"])
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    application = _ECHO if request.param == "nginx alone" else Guard(_ECHO, [OWN])
    with _served(application) as port, running_proxy(tmp_path_factory.mktemp("nginx"), port) as started:
        yield started


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Basic " + b64encode(b"anna:wrong").decode()}, 401),
        (LOGIN, 200),
    ],
    ids=["no login", "wrong password", "login"],
)
def test_nobody_without_a_login(headers: dict[str, str], status: int, proxy: Proxy) -> None:
    assert proxy.send("GET", "/runs", headers).status == status
    assert proxy.send("POST", "/graphql", {"Origin": OWN, **headers}).status == status


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        # The UI, and links to it.
        ("GET", "/runs", {"Origin": OWN}, 200),
        ("GET", "/runs", {"Sec-Fetch-Site": "none"}, 200),
        ("GET", "/runs", LINK, 200),
        ("POST", "/graphql", {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}, 200),
        # With the login of an analyst, who looks at a page of another site.
        ("GET", "/runs", {"Origin": "https://elsewhere.example"}, 403),
        ("GET", "/runs", {"Origin": f"http://{NAME}"}, 403),
        ("GET", "/runs", {"Origin": "null"}, 403),
        ("GET", "/download_debug/1", IMAGE, 403),
        ("GET", "/runs", FRAME, 403),
        ("GET", MUTATION, {}, 405),
        ("GET", MUTATION, LINK, 405),
        ("HEAD", MUTATION, {}, 405),
        ("GET", MUTATION, IMAGE, 403),
        ("GET", MUTATION.replace("graphql", "graphql%0A"), {}, 405),
        ("GET", MUTATION.replace("graphql", "%67raphql"), {}, 405),
        ("POST", MUTATION, {}, 403),
        ("POST", MUTATION, {"Content-Type": "text/plain"}, 403),
        ("POST", "/graphql", {"Content-Type": "application/json"}, 403),
        ("POST", "/graphql", {"Origin": SIBLING, "Sec-Fetch-Site": "same-site"}, 403),
        ("POST", "/graphql", {"Origin": "null"}, 403),
        ("POST", "/graphql", {"Sec-Fetch-Site": "same-site"}, 403),
        ("POST", "/report_asset_materialization/coverage?description=approved", {}, 403),
        ("PUT", "/runs", {}, 403),
        ("OPTIONS", "/graphql", {"Origin": SIBLING}, 403),
        # Another name that points to this server.
        ("GET", "/runs", {"Host": "elsewhere.example"}, None),
        ("GET", "/runs", {"Host": f"{NAME}.elsewhere.example"}, None),
        ("POST", "/graphql", {"Host": "elsewhere.example", "Origin": "https://elsewhere.example"}, None),
        ("GET", "/runs", {"Host": "127.0.0.1:3000"}, None),
    ],
)
def test_who_comes_through(method: str, path: str, headers: dict[str, str], status: int | None, proxy: Proxy) -> None:
    assert proxy.send(method, path, {**LOGIN, **headers}).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({**LOGIN, "Origin": OWN}, 101),
        ({"Origin": OWN}, 401),
        ({**LOGIN, "Origin": SIBLING}, 403),
        ({**LOGIN, "Origin": "null"}, 403),
    ],
)
def test_who_opens_a_websocket(headers: dict[str, str], status: int, proxy: Proxy) -> None:
    assert proxy.websocket("/graphql", headers) == status


def test_the_webserver_gets_the_real_name_and_no_password(proxy: Proxy) -> None:
    got = json.loads(proxy.send("GET", "/runs", {**LOGIN, "X-Forwarded-Host": "elsewhere.example"}).body)
    assert got["host"] == NAME
    assert "authorization" not in got


def test_no_answer_may_be_framed(proxy: Proxy) -> None:
    for headers in ({}, LOGIN, {**LOGIN, "Origin": SIBLING}):
        assert proxy.send("GET", "/runs", headers).headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(("headers", "status", "to"), [({}, 401, None), (LOGIN, 302, landing_path())])
def test_the_first_page_is_the_opened_graph(headers: dict[str, str], status: int, to: str | None, proxy: Proxy) -> None:
    answer = proxy.send("GET", "/", headers)
    assert (answer.status, answer.headers.get("location")) == (status, to)


def test_plain_http_is_sent_on(proxy: Proxy) -> None:
    answer = proxy.send_plain("/runs", {})
    assert (answer.status, answer.headers["location"]) == (301, f"{OWN}/runs")
    assert proxy.send_plain("/runs", {"Host": "elsewhere.example"}).status is None
