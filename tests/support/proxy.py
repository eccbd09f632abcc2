"""The reverse proxy as shipped, in a real nginx before a webserver of a test."""

import http.client
import os
import socket
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.support.environment import find_program, free_port, installed, wait_until
from tests.support.services import DEPLOY, HOST

NAME = "dakl.internal"
LOGIN = {"Authorization": "Basic " + b64encode(b"anna:geheim").decode()}


@dataclass(frozen=True)
class Answer:
    """An answer of the proxy.

    Attributes:
        status: Its status; None if the connection is closed without an answer.
        headers: Its headers, by name in small letters; a repeated one has all its values.
        body: Its body.
    """

    status: int | None
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Proxy:
    """A running proxy."""

    port: int
    plain_port: int
    trusted: ssl.SSLContext

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a request over TLS, for the real name unless another ``Host`` is given."""
        connection = http.client.HTTPSConnection(HOST, self.port, context=self.trusted, timeout=30)
        return _answer(connection, method, path, headers, body)

    def send_plain(self, path: str, headers: Mapping[str, str]) -> Answer:
        """The same without TLS."""
        return _answer(http.client.HTTPConnection(HOST, self.plain_port, timeout=30), "GET", path, headers, b"")

    def websocket(self, path: str, headers: Mapping[str, str]) -> int:
        """The status of the answer to the start of a websocket; 101 if it is opened."""
        try:
            with connect(
                f"wss://{NAME}{path}",
                sock=socket.create_connection((HOST, self.port)),
                ssl=self.trusted,
                server_hostname=NAME,
                additional_headers=dict(headers),
                subprotocols=[Subprotocol("graphql-ws")],
                proxy=None,
            ):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code


def _answer(
    connection: http.client.HTTPConnection, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    with closing(connection):
        connection.request(method, path, body=body, headers={"Host": NAME, **headers})
        try:
            with connection.getresponse() as answer:
                told = answer.headers
                joined = {name.lower(): ", ".join(told.get_all(name, [])) for name in told}
                return Answer(answer.status, joined, answer.read())
        except http.client.RemoteDisconnected:
            return Answer(None, {}, b"")


@contextmanager
def running_proxy(folder: Path, backend: int) -> Iterator[Proxy]:
    """Run the proxy.

    Args:
        folder: A folder for its files.
        backend: Port of the webserver behind it.

    Yields:
        The proxy, once it answers.
    """
    nginx = installed(lambda: find_program("nginx", package="nginx-light"))
    authority, port, plain_port = trustme.CA(), free_port(), free_port()
    config = _config(folder, authority, port, plain_port, backend)
    program = [nginx, "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")]
    process = subprocess.Popen([*program, "-g", "daemon off;"])
    trusted = ssl.create_default_context()
    trusted.check_hostname = False  # The name in the certificate is not that of loopback.
    authority.configure_trust(trusted)
    started = Proxy(port, plain_port, trusted)
    try:
        wait_until(lambda: process.poll() is not None or _answers(started))
        assert process.poll() is None, (folder / "error.log").read_text()
        yield started
    finally:
        process.terminate()
        process.wait(30)


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
        return proxy.send("GET", "/runs", {}).status is not None
    except OSError:
        return False
