"""The mails to the analyst: one for every failed run, and one for every calendar reminder.

Every run and every reminder has one file, so it gets one mail however often it is checked.
"""

from datetime import datetime
from pathlib import Path

from dakl_pipeline.mail.alert import FailedRun, content_of_day, content_of_failed_run
from dakl_pipeline.mail.content import MailContent
from dakl_pipeline.mail.message import compose_alert
from dakl_pipeline.mail.recipients import Recipient
from dakl_pipeline.operation.calendar import Reminder
from resources.config.home import Home
from resources.mail.queue import Outbox, OutgoingMail, when_sent
from resources.mail.server import MailServer
from resources.mail.settings import MailSettings
from resources.storage.files import write_atomically

_FAILED_RUN = "failed-run-"


class AnalystMailbox:
    """The mails to the analyst of one home.

    Args:
        home: The home.
        settings: Addresses of CBS.
    """

    def __init__(self, home: Home, settings: MailSettings) -> None:
        self._home = home
        self._settings = settings

    def path_of(self, run_id: str) -> Path:
        """The path of the mail about a failed run."""
        return self._home.mails / f"{_FAILED_RUN}{run_id}.eml"

    def post(self, run: FailedRun, *, time_zone: str) -> Path:
        """Make the mail about a failed run.

        Args:
            run: The run.
            time_zone: For the times in it.

        Returns:
            Its path.
        """
        path = self.path_of(run.run_id)
        return self._keep(path, run.run_id, run.failed_at, content_of_failed_run(run, time_zone=time_zone))

    def reminder_path(self, reminder: Reminder) -> Path:
        """The path of the mail about a calendar reminder."""
        return self._home.mails / f"{reminder.key}.eml"

    def remind(self, reminder: Reminder, at: datetime) -> Path | None:
        """Make the mail about a calendar reminder, once.

        Args:
            reminder: The reminder.
            at: The current time.

        Returns:
            Its path; None when it was made before.
        """
        path = self.reminder_path(reminder)
        if path.exists():
            return None
        return self._keep(path, reminder.key, at, content_of_day(reminder.headline, reminder.to_do, reminder.day))

    def _keep(self, path: Path, identifier: str, at: datetime, content: MailContent) -> Path:
        message = compose_alert(
            identifier,
            at,
            content,
            to=(self._recipient,),
            sender=self._settings.sender,
            reply_to=self._settings.mail_contact,
        )
        write_atomically(path, message.as_bytes())
        return path

    def mails(self) -> list[OutgoingMail]:
        """Every mail that was made, sent or not.

        Raises:
            Refused: If the marker of a sent mail cannot be read.
        """
        return [self._mail(path) for path in sorted(self._home.mails.glob("*.eml"))]

    def send(self, server: MailServer) -> list[str]:
        """Send the waiting mails, each at least once; mails that cannot be sent now keep waiting.

        Args:
            server: The mail server.

        Returns:
            The problems, one line each.
        """
        return Outbox(self._home.mails).send(self.mails(), server, retry_delays=())

    def _mail(self, path: Path) -> OutgoingMail:
        about = path.stem.replace(_FAILED_RUN, "run ")
        if (sent := when_sent(path)) is not None:
            return OutgoingMail(about, path, *sent)
        return OutgoingMail(about, path, None, () if self._recipient.is_placeholder else (self._recipient,))

    @property
    def _recipient(self) -> Recipient:
        return Recipient("", self._settings.analyst)
