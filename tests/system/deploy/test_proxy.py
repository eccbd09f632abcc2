"""The reverse proxy as shipped, in a real nginx: no access without a login, or from a page on another site."""

import http.client
import json
import os
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from dakl_pipeline.cli.landing import landing_path
from tests.support.environment import find_program, free_port, installed, wait_until
from tests.support.services import DEPLOY, HOST

NAME = "dakl.internal"
LOGIN = {"Authorization": "Basic " + b64encode(b"anna:geheim").decode()}


class _Echo(BaseHTTPRequestHandler):
    """Answers with the request headers."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@dataclass(frozen=True)
class Proxy:
    """A running proxy."""

    port: int
    plain_port: int
    trusted: ssl.SSLContext

    def get(self, headers: dict[str, str]) -> tuple[int, bytes]:
        """Status and body of a response."""
        connection = http.client.HTTPSConnection(HOST, self.port, context=self.trusted, timeout=30)
        with closing(connection):
            connection.request("GET", "/graphql", headers={"Host": NAME, **headers})
            with connection.getresponse() as answer:
                return answer.status, answer.read()


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    nginx = installed(lambda: find_program("nginx", package="nginx-light"))
    backend = ThreadingHTTPServer((HOST, 0), _Echo)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    authority, port, plain_port = trustme.CA(), free_port(), free_port()
    config = _config(tmp_path, authority, port, plain_port, backend.server_port)
    program = [nginx, "-p", str(tmp_path), "-c", str(config), "-e", str(tmp_path / "error.log")]
    process = subprocess.Popen([*program, "-g", "daemon off;"])
    trusted = ssl.create_default_context()
    trusted.check_hostname = False  # The name in the certificate is not that of loopback.
    authority.configure_trust(trusted)
    started = Proxy(port, plain_port, trusted)
    try:
        wait_until(lambda: process.poll() is not None or _answers(started))
        assert process.poll() is None, (tmp_path / "error.log").read_text()
        yield started
    finally:
        process.terminate()
        process.wait(30)
        backend.shutdown()
        backend.server_close()


def _config(folder: Path, authority: trustme.CA, port: int, plain_port: int, backend: int) -> Path:
    """The shipped file in a complete configuration, with the paths and ports of this test."""
    certificate = authority.issue_cert(NAME)
    certificate.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "server.key"))
    (folder / "dakl.htpasswd").write_text("anna:$2y$05$jbsdoYcaR3s9AMVygFvtV.byeasWDWKH5H2X1drzRYotBTO0rsWa6\n")
    folder.chmod(0o755)
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for shipped, here in {
        "listen 80;": f"listen {HOST}:{plain_port};",
        "listen 443 ssl;": f"listen {HOST}:{port} ssl;",
        "/etc/ssl/dakl/": f"{folder}/",
        "/etc/nginx/dakl.htpasswd": f"{folder}/dakl.htpasswd",
        "http://127.0.0.1:3000;": f"http://{HOST}:{backend};",
    }.items():
        assert site.count(shipped) > 0
        site = site.replace(shipped, here)
    (folder / "site.conf").write_text(site, encoding="utf-8")
    path = folder / "main.conf"
    temporary = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root; " if os.geteuid() == 0 else ""
    path.write_text(
        f"{user}pid {folder}/pid; events {{}} http {{ access_log off; {temporary} include {folder}/site.conf; }}"
    )
    return path


def _answers(proxy: Proxy) -> bool:
    try:
        return proxy.get({})[0] > 0
    except OSError:
        return False


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Basic " + b64encode(b"anna:wrong").decode()}, 401),
        (LOGIN, 200),
        ({**LOGIN, "Origin": f"https://{NAME}"}, 200),
        ({**LOGIN, "Origin": "https://elsewhere.example"}, 403),
        ({**LOGIN, "Origin": f"http://{NAME}"}, 403),
        ({**LOGIN, "Origin": "null"}, 403),
    ],
    ids=["no login", "wrong password", "login", "own page", "other site", "not secure", "no site"],
)
def test_who_comes_through(headers: dict[str, str], status: int, proxy: Proxy) -> None:
    assert proxy.get(headers)[0] == status


def test_the_webserver_gets_the_socket_and_no_password(proxy: Proxy) -> None:
    got = json.loads(proxy.get({**LOGIN, "Upgrade": "websocket", "Connection": "upgrade"})[1])
    assert (got["host"], got["upgrade"], got["connection"]) == (NAME, "websocket", "upgrade")
    assert "authorization" not in got


@pytest.mark.parametrize(("headers", "status", "to"), [({}, 401, None), (LOGIN, 302, landing_path())])
def test_the_first_page_is_the_opened_graph(headers: dict[str, str], status: int, to: str | None, proxy: Proxy) -> None:
    connection = http.client.HTTPSConnection(HOST, proxy.port, context=proxy.trusted, timeout=30)
    with closing(connection):
        connection.request("GET", "/", headers={"Host": NAME, **headers})
        with connection.getresponse() as answer:
            assert (answer.status, answer.headers["Location"]) == (status, to)


def test_plain_http_is_sent_on(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection(HOST, proxy.plain_port, timeout=30)
    with closing(connection):
        connection.request("GET", "/runs", headers={"Host": NAME})
        with connection.getresponse() as answer:
            assert (answer.status, answer.headers["Location"]) == (301, f"https://{NAME}/runs")
