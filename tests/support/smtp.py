"""A real SMTP server on loopback, with STARTTLS and a login, in a thread of its own."""

import asyncio
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from types import TracebackType
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"
USERNAME, PASSWORD = "dakl", "geheim-woord-7Q"


@dataclass(frozen=True)
class Received:
    """A message that arrived."""

    sender: str
    to: tuple[str, ...]
    is_secure: bool
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, EmailMessage, policy=POLICY)


@dataclass
class MailServerForTests:
    """Use as a context manager; several times in a row if need be, on the same port.

    Attributes:
        authority: Signs the certificate of the server.
        certified_for: Name in the certificate.
        has_tls: Whether STARTTLS is offered.
        answers: Replies to addresses, in order; afterwards every address is accepted.
        received: The messages that arrived.
        logins: Passwords that were given.
        port: Its port, from the first start on.
    """

    authority: trustme.CA = field(default_factory=trustme.CA)
    certified_for: str = HOST
    has_tls: bool = True
    answers: dict[str, list[str]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> "MailServerForTests":
        context = None
        if self.has_tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.authority.issue_cert(self.certified_for).configure_cert(context)
        self._loop = asyncio.new_event_loop()

        def session() -> SMTP:
            return SMTP(
                self,
                hostname=HOST,
                tls_context=context,
                auth_require_tls=self.has_tls,
                authenticator=self._login,
                loop=self._loop,
            )

        self._server = self._loop.run_until_complete(self._loop.create_server(session, HOST, self.port))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password)
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    async def handle_RCPT(  # noqa: N802 - name of the library
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answers.get(address):
            return self.answers[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.received.append(
            Received(str(envelope.mail_from), tuple(envelope.rcpt_tos), session.ssl is not None, envelope.content)
        )
        return "250 OK"
