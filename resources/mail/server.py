"""The mail server: submitting messages by SMTP.

No message or error repeats the server's reply or the password.
"""

import os
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP

from dakl_pipeline.errors import DaklError, Refused, WrongUsage
from resources.mail.settings import MailSettings

# From this code on a retry does not help (RFC 5321).
_FINAL = 500


class ServerUnavailable(DaklError):
    """The server cannot be used now, but may be available later."""


class MailNotTaken(DaklError):
    """The server does not accept one message; others may go through.

    Attributes:
        is_final: Whether a retry does not help.
    """

    def __init__(self, code: int, what: str) -> None:
        super().__init__(f"the mail server does not accept {what} (reply {code})")
        self.is_final = code >= _FINAL


class Connection:
    """An open connection.

    Args:
        server: The connection.
        sender: Address that mails come from.
    """

    def __init__(self, server: smtplib.SMTP, sender: str) -> None:
        self._server = server
        self._sender = sender

    def submit(self, message: EmailMessage, to: Sequence[str]) -> int:
        """Submit one message to the server.

        Args:
            message: The message.
            to: Its addresses; the server must accept at least one.

        Returns:
            The number of addresses that the server did not accept.

        Raises:
            MailNotTaken: If the server does not accept the message.
        """
        try:
            return len(self._server.sendmail(self._sender, list(to), message.as_bytes(policy=SMTP)))
        except smtplib.SMTPRecipientsRefused as error:
            raise MailNotTaken(min(code for code, _ in error.recipients.values()), "the address") from None
        except smtplib.SMTPSenderRefused as error:
            raise MailNotTaken(error.smtp_code, f"the sender {self._sender}") from None
        except smtplib.SMTPDataError as error:
            raise MailNotTaken(error.smtp_code, "the message") from None


class MailServer:
    """The mail server of the settings.

    Args:
        host: Its name.
        settings: How to reach it and log in.
    """

    def __init__(self, host: str, settings: MailSettings) -> None:
        self._host = host
        self._settings = settings

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Connect, secure the connection and log in.

        Yields:
            The connection.

        Raises:
            ServerUnavailable: If the server does not answer, is lost meanwhile, or is temporarily unavailable.
            Refused: If these settings can never work: no STARTTLS, an untrusted certificate, a refused login.
        """
        settings = self._settings
        context = self._trusted()
        with _explained(f"{self._host}:{settings.smtp_port}"):
            # Without a name given, smtplib looks up the full one, which may be slow.
            name = socket.gethostname()
            with smtplib.SMTP(
                self._host, settings.smtp_port, local_hostname=name, timeout=settings.smtp_timeout
            ) as server:
                if settings.smtp_starttls:
                    server.starttls(context=context)
                if settings.smtp_username is not None and settings.smtp_password is not None:
                    server.login(settings.smtp_username, settings.smtp_password.get_secret_value())
                yield Connection(server, settings.sender)

    def _trusted(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._settings.smtp_ca_file)
        except OSError:
            raise WrongUsage("the certificates of DAKL_SMTP_CA_FILE cannot be read") from None


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turn connection errors into plain messages."""
    try:
        yield
    except ssl.SSLCertVerificationError:
        raise Refused(
            f"the mail server {where} presents a certificate that is not trusted: correct DAKL_SMTP_HOST, or name its "
            "certificates in DAKL_SMTP_CA_FILE"
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise Refused(
            f"the mail server {where} offers no STARTTLS or no login: correct the DAKL_SMTP settings"
        ) from None
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < _FINAL:
            raise ServerUnavailable(f"the mail server {where} is unavailable now (reply {error.smtp_code})") from None
        what = "does not accept the user name and password" if _is_login(error) else "refuses the connection"
        raise Refused(f"the mail server {where} {what} (reply {error.smtp_code})") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else type(error).__name__
        raise ServerUnavailable(f"the mail server {where} cannot be reached ({reason})") from None


def _is_login(error: smtplib.SMTPResponseException) -> bool:
    return isinstance(error, smtplib.SMTPAuthenticationError)
