"""What pages of other sites can do in the browser of an analyst who has the UI open.

It is one test, because starting the UI takes longer than everything that follows.
"""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support import small_home
from tests.support.dagster_ui import Screen, browser, find_chromium, running_ui
from tests.support.environment import installed

HERE = "127.0.0.1"
FOREIGN = "elsewhere.example"
_LAUNCH = """mutation { launchRun(executionParams: {
  selector: {
    repositoryLocationName: "dakl_pipeline", repositoryName: "__repository__", jobName: "yearly_figures"
  }
  executionMetadata: {tags: [{key: "dagster/partition", value: "2023"}]} mode: "default"
}) { __typename } }"""
# Everything that a page can send without being allowed to; then it says what it could read.
_EVERYTHING = """
const [target, query, done] = [TARGET, QUERY, arguments[arguments.length - 1]];
const asked = `http://${target}/graphql?query=${encodeURIComponent(query)}`;
const body = JSON.stringify({query});
const element = (name, values) => new Promise(resolve => {
  const made = Object.assign(document.createElement(name), values, {onload: resolve, onerror: resolve});
  document.body.append(made);
});
const form = enctype => {
  const sent = Object.assign(document.createElement('form'), {action: asked, method: 'post', enctype, target: enctype});
  sent.append(Object.assign(document.createElement('input'), {name: 'query', value: query}));
  const shown = element('iframe', {name: enctype});
  document.body.append(sent);
  sent.submit();
  return shown;
};
const read = (options) => fetch(asked, {method: 'POST', ...options}).then(answer => answer.text());
const socket = () => new Promise((resolve, reject) => {
  const opened = new WebSocket(`ws://${target}/graphql`, 'graphql-ws');
  opened.onopen = () => opened.send('{"type": "connection_init"}');
  opened.onmessage = message => resolve(message.data);
  opened.onerror = reject;
});
navigator.sendBeacon(asked, body);
Promise.allSettled([
  read({}),
  read({headers: {'Content-Type': 'application/json'}, body}),
  socket(),
  read({mode: 'no-cors'}),
  read({mode: 'no-cors', credentials: 'include', headers: {'Content-Type': 'text/plain;application/json'}, body}),
  fetch(asked, {mode: 'no-cors'}),
  fetch(`http://${target}/report_asset_materialization/coverage`, {method: 'POST', mode: 'no-cors'}),
  element('img', {src: asked}),
  element('script', {src: asked}),
  element('iframe', {src: asked}),
  ...['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'].map(form),
]).then(ended => done(ended.slice(0, 3).map(each => each.value ?? null)));
"""
# What a server that is attacked so receives at least, from a page of another site.
_SENT = {
    ("GET", "image"),
    ("GET", "script"),
    ("GET", "iframe"),
    ("GET", "empty"),
    ("GET", "websocket"),
    ("POST", "empty"),
    ("POST", "iframe"),
    ("OPTIONS", "empty"),
}


class _Site(BaseHTTPRequestHandler):
    """A page of somebody else, which also records what it is sent."""

    received: set[tuple[str, str]]

    def do_GET(self) -> None:
        destination = self.headers.get("Upgrade") or self.headers.get("Sec-Fetch-Dest") or ""
        self.received.add((self.command, destination))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"<!doctype html><title>elsewhere</title><body>")

    def do_POST(self) -> None:
        self.do_GET()

    def do_OPTIONS(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@contextmanager
def _site() -> Iterator[tuple[int, set[tuple[str, str]]]]:
    """Its port, and what it has received."""
    received: set[tuple[str, str]] = set()
    with ThreadingHTTPServer((HERE, 0), type("_OneSite", (_Site,), {"received": received})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port, received
        finally:
            server.shutdown()


def test_pages_of_other_sites_change_and_read_nothing(tmp_path: Path) -> None:
    installed(find_chromium)
    home = small_home.make_home(tmp_path)
    names = f"--host-resolver-rules=MAP {FOREIGN} {HERE}"
    with (
        _site() as (evil, _),
        _site() as (victim, received),
        running_ui(home) as ui,
        browser(ui.port, width=1000, height=800, options=[names]) as screen,
    ):
        before = _state(ui.port)
        for page in (f"http://{HERE}:{evil}/", f"http://{FOREIGN}:{evil}/"):
            # The same page at a server without a guard: all of it is really sent.
            received.clear()
            _attack(screen, page, f"{HERE}:{victim}")
            assert received >= _SENT
            assert _attack(screen, page, f"{HERE}:{ui.port}") == [None, None, None], page
            assert _attack(screen, page, f"localhost:{ui.port}") == [None, None, None], page
            assert _state(ui.port) == before, page
        # A name of somebody else that points to this machine: its page may read what it is answered.
        rebound = f"{FOREIGN}:{ui.port}"
        by_query, by_body, by_socket = _attack(screen, f"http://{rebound}/", rebound)
        assert by_query == by_body
        assert by_query.startswith("This is not an address of the Dagster UI.")
        assert by_socket is None
        assert _state(ui.port) == before


def _attack(screen: Screen, page: str, target: str) -> Any:
    """What the page could read of the target."""
    script = _EVERYTHING.replace("TARGET", json.dumps(target)).replace("QUERY", json.dumps(_LAUNCH))
    return screen.visit(page, script)


def _state(port: int) -> Any:
    """The runs and the reported materialisations of one asset."""
    query = '{ runsOrError { ... on Runs { results { id } } } assetOrError(assetKey: {path: ["coverage"]}) '
    query += "{ ... on Asset { assetMaterializations { timestamp } } } }"
    request = urllib.request.Request(
        f"http://{HERE}:{port}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json", "Origin": f"http://{HERE}:{port}"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]
