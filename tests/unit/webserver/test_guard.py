"""What the guard before the webserver lets through, without Dagster and without a network."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from dakl_pipeline.webserver.guard import Guard

OWN, ALIAS, PROXIED = "http://127.0.0.1:3000", "http://localhost:3000", "https://dakl.internal"
OWN_HOST, ALIAS_HOST, PROXIED_HOST = "127.0.0.1:3000", "localhost:3000", "dakl.internal"
FOREIGN = "https://elsewhere.example"
IMAGE = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
FRAME = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
PASSES = 200


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers everything, and allows every site to read it in a frame."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    headers = [(b"x-frame-options", b"ALLOWALL"), (b"referrer-policy", b"unsafe-url")]
    await send({"type": "http.response.start", "status": PASSES, "headers": headers})
    await send({"type": "http.response.body", "body": b"answered"})


def _send(scope: Scope) -> list[Message]:
    """Everything that is answered."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Guard(_application, [OWN, ALIAS, PROXIED])(scope, receive, send))
    return sent


def _scope(kind: str, path: str, headers: Sequence[tuple[str, str]], **others: Any) -> Scope:
    return {"type": kind, "path": path, "headers": [(n.encode(), v.encode()) for n, v in headers], **others}


def _websocket(*headers: tuple[str, str]) -> str:
    kind: str = _send(_scope("websocket", "/graphql", headers))[0]["type"]
    return kind


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        # The UI itself, and a person who opens it.
        ("GET", "/", {}, PASSES),
        ("GET", "/runs", {"sec-fetch-site": "none"}, PASSES),
        ("GET", "/runs", {"sec-fetch-site": "same-origin"}, PASSES),
        ("GET", "/runs", LINK, PASSES),
        ("GET", "/_next/app.js", {"origin": OWN}, PASSES),
        ("HEAD", "/", {}, PASSES),
        ("POST", "/graphql", {"origin": OWN, "content-type": "application/json"}, PASSES),
        ("POST", "/graphql", {"host": ALIAS_HOST, "origin": ALIAS}, PASSES),
        ("POST", "/graphql", {"host": PROXIED_HOST, "origin": PROXIED}, PASSES),
        ("GET", "/", {"host": "LOCALHOST:3000"}, PASSES),
        # A name that is none of its own, although it points here.
        ("GET", "/", {"host": "elsewhere.example"}, 421),
        ("GET", "/", {"host": "elsewhere.example:3000", "sec-fetch-site": "same-origin"}, 421),
        ("GET", "/", {"host": "127.0.0.1"}, 421),
        ("GET", "/", {"host": "127.0.0.1:3001"}, 421),
        ("GET", "/", {"host": "127.0.0.1:3000.elsewhere.example"}, 421),
        ("GET", "/", {"host": "ui.localhost:3000"}, 421),
        ("GET", "/", {"host": "localhost.:3000"}, 421),
        ("GET", "/", {"host": "//127.0.0.1:3000"}, 421),
        ("GET", "/", {"host": ""}, 421),
        ("POST", "/graphql", {"host": "elsewhere.example", "origin": "http://elsewhere.example"}, 421),
        # A page of another site, or of another port or name of this machine.
        ("POST", "/graphql", {"origin": FOREIGN}, 403),
        ("POST", "/graphql", {"origin": "http://127.0.0.1:3001"}, 403),
        ("POST", "/graphql", {"origin": "http://127.0.0.1"}, 403),
        ("POST", "/graphql", {"origin": ALIAS}, 403),
        ("POST", "/graphql", {"origin": "null"}, 403),
        ("POST", "/graphql", {"origin": ""}, 403),
        ("POST", "/graphql", {}, 403),
        ("POST", "/graphql", {"sec-fetch-site": "same-origin"}, 403),
        ("POST", "/graphql", {"referer": f"{OWN}/runs"}, 403),
        ("POST", "/graphql", {"host": PROXIED_HOST, "origin": "http://dakl.internal"}, 403),
        ("POST", "/graphql", {"host": PROXIED_HOST, "origin": "https://wiki.internal"}, 403),
        ("POST", "/graphql", {"host": PROXIED_HOST, "origin": OWN}, 403),
        ("POST", "/report_asset_materialization/coverage", {}, 403),
        ("OPTIONS", "/graphql", {"origin": FOREIGN, "access-control-request-method": "POST"}, 403),
        ("GET", "/server_info", {"origin": FOREIGN}, 403),
        ("GET", "/server_info", {"origin": "null"}, 403),
        ("GET", "/download_debug/1", IMAGE, 403),
        ("GET", "/download_debug/1", {**IMAGE, "sec-fetch-site": "same-site"}, 403),
        ("GET", "/", FRAME, 403),
        # Queries by GET, which a link or an image can send too.
        ("GET", "/graphql", {}, 405),
        ("HEAD", "/graphql", {}, 405),
        ("GET", "/graphql", {"sec-fetch-site": "same-origin"}, 405),
        ("GET", "/graphql", {"origin": OWN, "accept": "text/html"}, 405),
        ("GET", "/graphql", LINK, 405),
        ("GET", "/graphql\n", {}, 400),
        ("GET", "/graphql\u2028", {}, 400),
    ],
)
def test_what_passes(method: str, path: str, headers: dict[str, str], status: int) -> None:
    given = {"host": OWN_HOST, **headers}
    assert _send(_scope("http", path, [*given.items()], method=method))[0]["status"] == status


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "PROPFIND")
HOSTS = (OWN_HOST, ALIAS_HOST, PROXIED_HOST, "elsewhere.example", "127.0.0.1:9")
ORIGINS = (None, "null", OWN, ALIAS, PROXIED, FOREIGN, "http://127.0.0.1:9", "http://elsewhere.example")
SITES = (None, "none", "same-origin", "same-site", "cross-site")
TYPES = (None, "text/plain", "text/plain;application/json", "multipart/form-data", "application/json")


@pytest.mark.parametrize("method", METHODS)
def test_a_change_passes_only_if_it_comes_from_the_address_it_is_sent_to(method: str) -> None:
    passing = set()
    for host, origin, site, kind in itertools.product(HOSTS, ORIGINS, SITES, TYPES):
        headers = {"origin": origin, "sec-fetch-site": site, "content-type": kind}
        given = [("host", host), *((name, value) for name, value in headers.items() if value is not None)]
        if _send(_scope("http", "/graphql", given, method=method))[0]["status"] == PASSES:
            passing.add((host, origin))
    reads = method in ("GET", "HEAD")
    assert passing == (set() if reads else {(OWN_HOST, OWN), (ALIAS_HOST, ALIAS), (PROXIED_HOST, PROXIED)})


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ([("host", OWN_HOST), ("origin", OWN)], True),
        ([("host", PROXIED_HOST), ("origin", PROXIED)], True),
        # Browsers differ in what they say of a websocket; Origin is enough.
        ([("host", OWN_HOST), ("origin", OWN), ("sec-fetch-site", "cross-site")], True),
        ([("host", OWN_HOST)], False),
        ([("host", OWN_HOST), ("sec-fetch-site", "same-origin")], False),
        ([("host", OWN_HOST), ("origin", "null")], False),
        ([("host", OWN_HOST), ("origin", FOREIGN)], False),
        ([("host", OWN_HOST), ("origin", ALIAS)], False),
        ([("host", PROXIED_HOST), ("origin", "http://dakl.internal")], False),
        ([("host", "elsewhere.example:3000"), ("origin", "http://elsewhere.example:3000")], False),
    ],
)
def test_a_websocket_is_for_own_pages_only(headers: list[tuple[str, str]], passes: bool) -> None:
    assert _websocket(*headers) == ("websocket.accept" if passes else "websocket.close")


@pytest.mark.parametrize("name", ["host", "origin"])
def test_a_repeated_header_is_none_of_its_values(name: str) -> None:
    own = [("host", OWN_HOST), ("origin", OWN)]
    again = (name, dict(own)[name])
    assert _send(_scope("http", "/graphql", [*own, again], method="POST"))[0]["status"] in (421, 403)
    assert _websocket(*own, again) == "websocket.close"


@pytest.mark.parametrize(
    ("headers", "status"), [({}, PASSES), ({"host": "elsewhere.example"}, 421), ({"origin": FOREIGN}, 403)]
)
def test_every_answer_forbids_frames_and_other_sites(headers: dict[str, str], status: int) -> None:
    started, body = _send(_scope("http", "/runs", [*{"host": OWN_HOST, **headers}.items()], method="GET"))
    assert started["status"] == status
    told = [(name.decode(), value.decode()) for name, value in started["headers"]]
    assert {
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    } <= set(told)
    # Instead of what the application says, and nothing lets another site read.
    assert len({name for name, _ in told}) == len(told)
    assert not [name for name, _ in told if name.startswith("access-control-")]
    assert b"elsewhere" not in body["body"]


def test_a_refused_query_says_how_to_ask() -> None:
    started = _send(_scope("http", "/graphql", [("host", OWN_HOST)], method="GET"))[0]
    assert (b"allow", b"POST") in started["headers"]


def test_start_and_end_of_the_server_pass() -> None:
    started: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        started.append(scope["type"])

    async def nothing(*_: Message) -> Message:
        return {}

    asyncio.run(Guard(application, [])({"type": "lifespan"}, nothing, nothing))  # type: ignore[arg-type]
    assert started == ["lifespan"]
