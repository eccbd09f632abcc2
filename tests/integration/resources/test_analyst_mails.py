"""The mails to the analyst: one file per run, and no mail lost in sending."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.mail.alert import FailedRun
from resources.config.home import Home
from resources.mail.analyst import AnalystMailbox
from resources.mail.server import MailServer
from resources.mail.settings import MailSettings, load_mail_settings
from tests.support.smtp import HOST, MailServerForTests

ANALYST, CONTACT = "analist@cbs.internal", "dakloosheid@cbs.internal"
ZONE = "Europe/Amsterdam"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def _run(run_id: str = "6f1c2a34-8a51") -> FailedRun:
    return FailedRun(run_id, datetime(2025, 6, 1, 10, 30, tzinfo=UTC), "refused", "2024", "stay_eligibility", "no good")


def _mailbox(home: Home, **settings: object) -> AnalystMailbox:
    return AnalystMailbox(home, MailSettings.model_validate(settings))


def _server(server: MailServerForTests, home: Home) -> MailServer:
    authority = home.root / "authority.pem"
    server.authority.cert_pem.write_to_path(str(authority))
    return MailServer(HOST, MailSettings(smtp_port=server.port, smtp_ca_file=authority, smtp_timeout=10))


@pytest.mark.parametrize(
    ("settings", "to"),
    [
        ({"mail_analyst": ANALYST, "mail_contact": CONTACT}, ANALYST),
        ({"mail_contact": CONTACT}, CONTACT),
        ({}, None),
    ],
    ids=["analyst", "contact", "nobody"],
)
def test_who_gets_it(settings: dict[str, object], to: str | None, home: Home) -> None:
    mailbox = _mailbox(home, **settings)
    path = mailbox.post(_run(), time_zone=ZONE)
    assert path == home.root / "mails" / "failed-run-6f1c2a34-8a51.eml"
    assert [[r.email for r in mail.to] for mail in mailbox.mails()] == [[to] if to else []]
    assert message_from_bytes(path.read_bytes(), policy=SMTP)["From"]


def test_what_waits_is_sent_once(home: Home) -> None:
    mailbox = _mailbox(home, mail_analyst=ANALYST)
    for run_id in ("run-1", "run-2"):
        mailbox.post(_run(run_id), time_zone=ZONE)
    with MailServerForTests() as server:
        assert mailbox.send(_server(server, home)) == []
        assert mailbox.send(_server(server, home)) == []
    assert [r.to for r in server.received] == [(ANALYST,), (ANALYST,)]
    assert [r.message["Message-ID"][:7] for r in server.received] == ["<run-1@", "<run-2@"]
    assert all(mail.sent_at is not None for mail in mailbox.mails())


def test_a_server_that_is_away_loses_nothing(home: Home) -> None:
    mailbox = _mailbox(home, mail_analyst=ANALYST)
    mailbox.post(_run(), time_zone=ZONE)
    with MailServerForTests() as server:
        pass
    assert len(mailbox.send(_server(server, home))) == 1
    with server:
        assert mailbox.send(_server(server, home)) == []
    assert len(server.received) == 1


def test_an_address_that_is_set_later_gets_what_waits(home: Home) -> None:
    _mailbox(home).post(_run(), time_zone=ZONE)
    with MailServerForTests() as server:
        assert _mailbox(home).send(_server(server, home)) == []
        assert server.received == []
        assert _mailbox(home, mail_analyst=ANALYST).send(_server(server, home)) == []
    assert server.received[0].message["To"] == ANALYST


def test_a_full_disk_is_not_taken_for_a_mail_server_that_is_away(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    path = _mailbox(home, mail_contact=CONTACT).post(_run(), time_zone=ZONE)
    before, mailbox = path.read_bytes(), _mailbox(home, mail_analyst=ANALYST)
    with MailServerForTests() as server:
        with monkeypatch.context() as patch:
            patch.setattr("resources.mail.queue.write_atomically", full)
            (problem,) = mailbox.send(_server(server, home))
        assert f"{path} cannot be written (No space left on device): its mail was not sent" in problem
        assert (server.received, path.read_bytes()) == ([], before)
        assert mailbox.send(_server(server, home)) == []
    assert [r.to for r in server.received] == [(ANALYST,)]


def test_a_mail_that_cannot_be_read_holds_up_no_other(home: Home) -> None:
    mailbox = _mailbox(home, mail_analyst=ANALYST)
    first, _ = (mailbox.post(_run(run_id), time_zone=ZONE) for run_id in ("run-1", "run-2"))
    first.unlink()
    first.mkdir()
    with MailServerForTests() as server:
        (problem,) = mailbox.send(_server(server, home))
    assert f"{first} cannot be read (Is a directory)" in problem
    assert [r.message["Message-ID"][:7] for r in server.received] == ["<run-2@"]


def test_without_mails_there_is_nothing_to_send_and_no_folder(home: Home) -> None:
    mailbox = _mailbox(home, mail_analyst=ANALYST)
    assert mailbox.mails() == []
    assert mailbox.send(MailServer(HOST, MailSettings(smtp_port=1))) == []
    assert not home.mails.exists()


def test_an_address_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAKL_MAIL_ANALYST", "no address")
    with pytest.raises(WrongUsage, match="DAKL_MAIL_ANALYST"):
        load_mail_settings()
