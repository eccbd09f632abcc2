"""What a page of another site can do in the browser of somebody who has the Dagster UI open.

A browser sends such requests without asking: an image is a GET without ``Origin``, a form a POST of a simple content
type, and a websocket is open to every page. Behind a name that was made to point to this machine a page may send, and
read, whatever it likes. All attacks share one UI, because starting one takes longer than everything that follows.
"""

import atexit
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from websockets.exceptions import InvalidHandshake
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.attacks.attack import Attacks, Target

ATTACKS = Attacks()
_HOST = "127.0.0.1"
_ASSET = "unique_person_counts"
_SECONDS_TO_START, _SECONDS_TO_ANSWER = 300.0, 60.0

_LOCATION = 'repositoryLocationName: "dakl_pipeline", repositoryName: "__repository__"'
_LAUNCH = f"""mutation {{ launchRun(executionParams: {{
  selector: {{{_LOCATION}, jobName: "yearly_figures"}}
  executionMetadata: {{tags: [{{key: "dagster/partition", value: "2023"}}]}} mode: "default"
}}) {{ __typename }} }}"""
_RUNS = "{ runsOrError { ... on Runs { results { runId } } } }"
_SENSOR = f"""{{ sensorOrError(sensorSelector: {{{_LOCATION}, sensorName: "correction_reruns"}}) {{
  ... on Sensor {{ id sensorState {{ status }} }}
}} }}"""
_MATERIALISATIONS = f"""{{ assetOrError(assetKey: {{path: ["{_ASSET}"]}}) {{
  ... on Asset {{ assetMaterializations {{ runId timestamp }} }}
}} }}"""
_WIPE = f"""mutation {{ wipeAssets(assetPartitionRanges: [{{assetKey: {{path: ["{_ASSET}"]}}}}]) {{ __typename }} }}"""
_EVENTS = "subscription Events($id: ID!) { pipelineRunLogs(runId: $id) { __typename } }"


@dataclass(frozen=True)
class Ui:
    """A running UI.

    Attributes:
        port: Its port on 127.0.0.1.
    """

    port: int

    @property
    def host(self) -> str:
        """The name and port that its own pages have."""
        return f"{_HOST}:{self.port}"

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: str = ""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a request with these headers alone; ``Host`` is the UI's own unless it is one of them."""
        connection = http.client.HTTPConnection(_HOST, self.port, timeout=_SECONDS_TO_ANSWER)
        with closing(connection):
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            length = {"Content-Length": str(len(body.encode()))} if method == "POST" else {}
            for name, value in {"Host": self.host, **length, **headers}.items():
                connection.putheader(name, value)
            connection.endheaders(body.encode())
            with connection.getresponse() as answer:
                return answer.status, dict(answer.headers), answer.read()

    def ask(self, query: str) -> Any:
        """Query the UI as its own pages do."""
        own = {"Origin": f"http://{self.host}", "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
        status, _, body = self.send("POST", "/graphql", own, json.dumps({"query": query}))
        assert status == 200, body
        return json.loads(body)["data"]

    def runs(self) -> list[str]:
        """Id of every run."""
        return [run["runId"] for run in self.ask(_RUNS)["runsOrError"]["results"]]

    def materialisations(self) -> int:
        """How often the figures were made, according to Dagster."""
        return len((self.ask(_MATERIALISATIONS)["assetOrError"].get("assetMaterializations")) or [])


@cache
def _ui(dakl: Path) -> Ui:
    """A UI on a home without deliveries, so that no run starts by itself, in which one year was counted."""
    folder = tempfile.TemporaryDirectory(prefix="attacked-ui-")
    atexit.register(folder.cleanup)
    target = Target(dakl, Path(folder.name))
    target.make_home(2023)
    target.run("run", "--year", "2023")
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        ui = Ui(probe.getsockname()[1])
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DAKL_", "DAGSTER_"))}
    process = subprocess.Popen(
        [str(dakl), "ui", "--home", str(target.home), "--port", str(ui.port)],
        cwd=folder.name,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    atexit.register(_end, process)
    until = time.monotonic() + _SECONDS_TO_START
    while not _has_assets(ui):
        assert process.poll() is None, "dakl ui ended"
        assert time.monotonic() < until, "dakl ui does not start"
        time.sleep(0.5)
    return ui


def _has_assets(ui: Ui) -> bool:
    try:
        return bool(ui.ask("{ assetNodes { id } }")["assetNodes"])
    except OSError:
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_SECONDS_TO_ANSWER)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


# What browsers tell of where a request comes from: today's, older ones, and pages that hide it.
_OTHER_SITE = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
_SENDERS = {
    "another site": _OTHER_SITE,
    "another site in an older browser": {"Origin": "https://elsewhere.example", "Referer": "https://elsewhere.example"},
    "a page that hides its origin": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "a page that hides its origin in an older browser": {"Origin": "null"},
    "another port of this machine": {"Origin": f"http://{_HOST}:9", "Sec-Fetch-Site": "same-site"},
    "another name of this machine": {"Origin": "http://localhost:9", "Sec-Fetch-Site": "cross-site"},
    "another site, by a browser that does not say where from": {"Sec-Fetch-Site": "cross-site"},
    "an unknown sender": {},
}
# A link or an image: no Origin, as a GET that no script reads has none.
_IMAGE = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
_EMBEDDED = {
    "an image of another site": {"Sec-Fetch-Site": "cross-site", **_IMAGE},
    "an image of another port": {"Sec-Fetch-Site": "same-site", **_IMAGE},
    "an image in an older browser": {"Referer": "https://elsewhere.example/"},
    "a link": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    "an image behind a foreign name": {"Host": "elsewhere.example", "Sec-Fetch-Site": "same-origin"},
}


def _by_get(query: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Who asks, with what path and headers, when a query is put into an address."""
    asked = urlencode({"query": query})
    for who, headers in _EMBEDDED.items():
        for path in ("/graphql", "/graphql%0A", "/%67raphql"):
            yield f"{who} ({path})", f"{path}?{asked}", headers


@ATTACKS.attack("1a", "an image on any page launches a run")
def launch_by_image(target: Target) -> str | None:
    ui = _ui(target.dakl)
    for who, path, headers in _by_get(_LAUNCH):
        before = ui.runs()
        status, _, _ = ui.send("GET", path, headers)
        if len(ui.runs()) > len(before):
            return f"GET by {who} is answered {status} and launches one"
    return None


@ATTACKS.attack("1b", "an image on any page stops the sensor that counts years again")
def stop_by_image(target: Target) -> str | None:
    ui = _ui(target.dakl)
    sensor = ui.ask(_SENSOR)["sensorOrError"]
    for who, path, headers in _by_get(f'mutation {{ stopSensor(id: "{sensor["id"]}") {{ __typename }} }}'):
        ui.send("GET", path, headers)
        if ui.ask(_SENSOR)["sensorOrError"]["sensorState"]["status"] != sensor["sensorState"]["status"]:
            return f"GET by {who} stops it"
    return None


@ATTACKS.attack("1c", "an image on any page deletes a run from the history")
def delete_by_image(target: Target) -> str | None:
    ui = _ui(target.dakl)
    ui.ask(_LAUNCH)
    run = ui.runs()[0]
    for who, path, headers in _by_get(f'mutation {{ deleteRun(runId: "{run}") {{ __typename }} }}'):
        ui.send("GET", path, headers)
        if run not in ui.runs():
            return f"GET by {who} deletes it"
    return None


@ATTACKS.attack("1d", "a form on any page launches a run")
def launch_by_form(target: Target) -> str | None:
    ui = _ui(target.dakl)
    # The first four are simple: a browser sends them to another site without asking that site first.
    types = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain;application/json")
    for kind in (*types, "", "application/json", "application/graphql"):
        body = json.dumps({"query": _LAUNCH}) if "json" in kind else _LAUNCH
        path = "/graphql" if "json" in kind else f"/graphql?{urlencode({'query': _LAUNCH})}"
        for who, headers in _SENDERS.items():
            before = ui.runs()
            sent = {**headers, **({"Content-Type": kind} if kind else {})}
            status, _, _ = ui.send("POST", path, sent, body)
            if len(ui.runs()) > len(before):
                return f"POST of {kind or 'no content type'} by {who} is answered {status} and launches one"
    return None


@ATTACKS.attack("1e", "a form on any page reports figures that nobody made")
def report_by_form(target: Target) -> str | None:
    ui = _ui(target.dakl)
    reported = urlencode({"partition": "2023", "metadata": '{"approved": true}', "description": "approved"})
    # A POST without a body has no content type.
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "application/json"):
        for who, headers in _SENDERS.items():
            before = ui.materialisations()
            path = f"/report_asset_materialization/{_ASSET}?{reported}"
            sent = {**headers, **({"Content-Type": kind} if kind else {})}
            status, _, _ = ui.send("POST", path, sent, "{}" if kind else "")
            if ui.materialisations() > before:
                return f"POST of {kind or 'nothing'} by {who} is answered {status} and reports them"
    return None


@ATTACKS.attack("1f", "a page behind a name that points to this machine reads and does everything")
def rebound_name(target: Target) -> str | None:
    ui = _ui(target.dakl)
    for name in (f"elsewhere.example:{ui.port}", f"localhost.elsewhere.example:{ui.port}", f"ui.localhost:{ui.port}"):
        sent = {"Host": name, "Origin": f"http://{name}", "Sec-Fetch-Site": "same-origin"}
        before = ui.runs()
        body = json.dumps({"query": _LAUNCH})
        ui.send("POST", "/graphql", {**sent, "Content-Type": "application/json"}, body)
        if len(ui.runs()) > len(before):
            return f"a page of {name} launches a run"
        for path in ("/", "/server_info", f"/download_debug/{before[0]}"):
            status, _, _ = ui.send("GET", path, {"Host": name, "Sec-Fetch-Site": "same-origin"})
            if status == 200:
                return f"a page of {name} reads {path}"
    return None


@ATTACKS.attack("1g", "a websocket of any page follows the events of runs")
def foreign_websocket(target: Target) -> str | None:
    ui = _ui(target.dakl)
    run = ui.runs()[0]
    origins = ["https://elsewhere.example", "null", f"http://{_HOST}:9", f"http://localhost:{ui.port}", None]
    senders: list[tuple[str | None, dict[str, str]]] = [(origin, {}) for origin in origins]
    # A page of a foreign name that points here has that name as its own origin.
    senders.append((f"http://elsewhere.example:{ui.port}", {"Host": f"elsewhere.example:{ui.port}"}))
    for origin, headers in senders:
        told = _follow(ui, run, None if origin is None else Origin(origin), headers)
        if told is not None:
            return f"a page of {origin or 'an unknown origin'} is told of a run: {told}"
    return None


def _follow(ui: Ui, run: str, origin: Origin | None, headers: Mapping[str, str]) -> str | None:
    """What a websocket is told first of the events of a run; None if it is refused."""
    try:
        with connect(
            f"ws://{headers.get('Host', ui.host)}/graphql",
            sock=socket.create_connection((_HOST, ui.port), timeout=_SECONDS_TO_ANSWER),
            origin=origin,
            subprotocols=[Subprotocol("graphql-ws")],
            proxy=None,
        ) as stream:
            stream.send(json.dumps({"type": "connection_init"}))
            payload = {"query": _EVENTS, "variables": {"id": run}}
            stream.send(json.dumps({"type": "start", "id": "1", "payload": payload}))
            while (told := json.loads(stream.recv(timeout=_SECONDS_TO_ANSWER)))["type"] in ("connection_ack", "ka"):
                pass
            return str(told["type"])
    except InvalidHandshake:
        return None


@ATTACKS.attack("1h", "any page puts the UI in a frame, so that a visitor clicks its buttons unseen")
def framed(target: Target) -> str | None:
    ui = _ui(target.dakl)
    for path in ("/", "/graphql"):
        status, headers, _ = ui.send("GET", path, {"Accept": "text/html", "Sec-Fetch-Site": "none"})
        told = {name.lower(): value for name, value in headers.items()}
        if status == 200 and told.get("x-frame-options", "").upper() != "DENY":
            return f"{path} does not forbid it"
    return None


@ATTACKS.attack("1i", "a page of another site loads files of the UI")
def embedded(target: Target) -> str | None:
    ui = _ui(target.dakl)
    for site in ("cross-site", "same-site"):
        for kind in ("script", "image", "iframe", "empty"):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": kind}
            status, _, _ = ui.send("GET", f"/download_debug/{ui.runs()[0]}", headers)
            if status == 200:
                return f"the debug file of a run, as {kind} of a {site} page"
    return None


@ATTACKS.attack("1j", "an image on any page wipes the history of the figures")
def wipe_by_image(target: Target) -> str | None:
    ui = _ui(target.dakl)
    for who, path, headers in _by_get(_WIPE):
        before = ui.materialisations()
        assert before > 0, "nothing to wipe"
        ui.send("GET", path, headers)
        if ui.materialisations() < before:
            return f"GET by {who} wipes it"
    return None
