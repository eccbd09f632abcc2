"""The mails to suppliers: exactly one for every entry of the log, and none lost in sending."""

import csv
import io
import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.deliveries.log import Actor, Delivery
from dakl_pipeline.errors import Refused, WrongUsage
from dakl_pipeline.op_orde.explanations import Explanation
from dakl_pipeline.reference.methodology import Methodology, default_methodology
from resources.config.home import Home
from resources.mail.server import MailServer
from resources.mail.settings import MailSettings, load_mail_settings
from resources.storage.delivery_store import DeliveryStore
from resources.storage.explanation_store import ExplanationStore
from resources.storage.home_format import write_format
from resources.workflows.opened_home import OpenedHome
from resources.workflows.receive import receive, withdraw
from resources.workflows.supplier_mail import Mail, Mailbox
from tests.integration.test_comparing import TWENTE
from tests.support.mails import attachments_of, body_of, contents_of, read_mail
from tests.support.small_home import ANNA, BRAM, CEES, HEADER, row
from tests.support.smtp import HOST, PASSWORD, USERNAME, MailServerForTests

METHODOLOGY = Methodology.model_validate(default_methodology())
COORDINATORS = "supplier_id,name,email\nalmelo,Anna de Vriès,anna@opvang.internal\nede,Bob,bob@opvang.internal\n"
CONTACT = "dakloosheid@cbs.internal"
CANARIES = ("823609571", "823609572", "93485402", "8317460295")
RETRY_DELAYS = (1.0, 2.0, 4.0)
SAID = "Wij vragen nachtgasten niet naar een nummer."


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    write_format(home)
    home.coordinators_file.write_text(COORDINATORS, encoding="utf-8")
    return home


def _settings(server: MailServerForTests, folder: Path, **other: object) -> MailSettings:
    authority = folder / "authority.pem"
    server.authority.cert_pem.write_to_path(str(authority))
    values: dict[str, object] = {
        "smtp_host": HOST,
        "smtp_port": server.port,
        "smtp_username": USERNAME,
        "smtp_password": PASSWORD,
        "smtp_ca_file": authority,
        "smtp_timeout": 10,
        "mail_contact": CONTACT,
    }
    return MailSettings.model_validate({**values, **other})


def _open(home: Home, methodology: Methodology = METHODOLOGY, settings: MailSettings | None = None) -> OpenedHome:
    opened = OpenedHome(home, methodology)
    opened.mail_settings = settings or MailSettings(mail_contact=CONTACT)
    return opened


def _mailbox(home: Home, settings: MailSettings | None = None) -> Mailbox:
    return _open(home, settings=settings).mails


def _deliver(
    home: Home,
    *rows: str,
    name: str = "DAKL_J2024_x.csv",
    supplier: str = "almelo",
    at: str = "2025-05-12T10:00:00",
    late: str | None = None,
    content: bytes | None = None,
) -> tuple[Delivery, Mail]:
    file = home.root.parent / name
    file.write_bytes(("\n".join([HEADER, *rows]) + "\n").encode() if content is None else content)
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    delivery, verdict = receive(
        DeliveryStore(home.deliveries),
        file,
        supplier_id=supplier,
        received_at=moment,
        recorded_at=moment,
        actor=Actor("analyst"),
        accept_late=late,
        methodology=METHODOLOGY,
    )
    mailbox = _mailbox(home)
    mailbox.post(delivery, mailbox.entries(), verdict)
    return delivery, mailbox.mails([delivery])[0]


def _send(home: Home, server: MailServerForTests, folder: Path, **other: object) -> tuple[list[str], list[float]]:
    """Send the waiting mails; returns the problems and the pauses."""
    retry_delays: list[float] = []
    settings = _settings(server, folder, **other)
    mailbox = _mailbox(home, settings)
    problems = mailbox.send(
        mailbox.mails(mailbox.entries()),
        MailServer(HOST, settings),
        retry_delays=RETRY_DELAYS,
        sleep=retry_delays.append,
    )
    return problems, retry_delays


def _sent(home: Home) -> list[str]:
    mailbox = _mailbox(home)
    return [mail.entry.delivery_id for mail in mailbox.mails(mailbox.entries()) if mail.sent_at is not None]


# --- One mail for every entry ----------------------------------------------------------------------------------------

FILES: dict[str, dict[str, object]] = {
    "approved": {},
    "findings": {"rows": (row(""), row("123456789"), row(ANNA, gemeente="9999"), row(ANNA), row(ANNA))},
    "many findings": {"rows": tuple(row("") for _ in range(1_500))},
    "faults": {"rows": (row("12345678X"), row(ANNA, start="2024-02-30"), "1;2;3")},
    "many faults": {"rows": tuple(row("x") for _ in range(1_500))},
    "no rows": {"rows": ()},
    "binary": {"content": b"PK\x03\x04" + bytes(100)},
    "empty": {"content": b""},
    "bad name": {"name": "opvang 2024.csv"},
    "bad name with a year": {"name": "DAKL_J2024_café.csv"},
    "number in the name": {"name": f"DAKL_J2024_{CANARIES[0]}.csv"},
    "number over the year": {"name": f"DAKL_J2024_12.{CANARIES[0]}.csv"},
    "other year": {"name": "DAKL_J2019_x.csv"},
    "late": {"at": "2025-08-01T10:00:00"},
    "late with notices": {"at": "2025-08-01T10:00:00", "rows": (row(ANNA, gemeente="141"), row(""))},
    "late and wrong": {"at": "2025-08-01T10:00:00", "rows": (row("x"),)},
    "late but accepted": {"at": "2025-08-01T10:00:00", "late": "after a phone call"},
}


def _deliver_case(home: Home, case: dict[str, object]) -> tuple[Delivery, Mail]:
    rows = case.get("rows", (row(ANNA), row(BRAM)))
    others = {name: value for name, value in case.items() if name != "rows"}
    return _deliver(home, *rows, **others)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize("case", FILES.values(), ids=FILES)
def test_a_mail_that_a_crash_left_out_is_made_the_same(case: dict[str, object], home: Home) -> None:
    _, mail = _deliver_case(home, case)
    folder = mail.path.parent
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in tuple(folder.iterdir()):
        path.unlink()
    mailbox = _mailbox(home)
    log = mailbox.entries()
    (entry,) = mailbox.missing(log)
    mailbox.post(entry, log)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == made
    assert mailbox.missing(log) == []


def test_every_fault_of_a_rejected_file_is_in_a_table(home: Home) -> None:
    _, mail = _deliver(home, *(row("x") for _ in range(20)), row(ANNA, start="2024-02-30"))
    text = mail.path.with_name("000001-fouten.csv").read_text(encoding="utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    faults = [(line["regel"], line["kolom"], line["soort"], line["ernst"]) for line in lines]
    assert faults == [
        *((str(n), "bsn", "BSN verkeerd geschreven", "fout") for n in range(2, 22)),
        ("22", "startdatum", "Datum bestaat niet", "fout"),
        ("22", "meldingsdatum", "Datum bestaat niet", "fout"),
    ]
    assert lines[-1]["wat_te_doen"] == "Verbeter de datum (JJJJ-MM-DD)."
    _, approved = _deliver(home, row(ANNA))
    assert not approved.path.with_name("000002-fouten.csv").exists()


def test_of_very_many_faults_the_exact_number_is_told_everywhere(home: Home) -> None:
    delivery, mail = _deliver(home, *(row("x", v_number="1") for _ in range(1_234)))
    assert delivery.findings == {"bsn_format": 1_234, "v_number_format": 1_234}
    text = str(message_from_bytes(mail.path.read_bytes(), EmailMessage, policy=SMTP).get_body(("plain",)))
    assert text.count("(fout, 1.234 keer)") == 2
    table = mail.path.with_name("000001-fouten.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(table) == 1 + 2 * 1_001
    assert sum("in totaal 1234 keer" in line for line in table) == 2


def test_no_number_and_no_row_is_ever_in_a_mail(home: Home) -> None:
    good, failing, stripped, v_number = CANARIES
    rows = (row(good), row(failing), row(stripped), row("", v_number=v_number), row(f"{good}X"), f"{good};{v_number}")
    for name in ("DAKL_J2024_x.csv", f"DAKL_J2024_{good}.csv", f"{v_number}.csv", f"DAKL_J2024_{stripped}.csv"):
        for delivered in (rows, rows[:4]):
            _, mail = _deliver(home, *delivered, name=name)
            message = message_from_bytes(mail.path.read_bytes(), EmailMessage, policy=SMTP)
            files = [path.read_text(encoding="utf-8") for path in mail.path.parent.iterdir()]
            parts = [content.decode("utf-8") for content in contents_of(message)]
            everything = "\n".join([*files, *parts])
            assert not [canary for canary in CANARIES if canary in everything]
            assert "2024-02-01" not in everything


@pytest.mark.parametrize(
    ("case", "attached"),
    [
        ("approved", ["op-orde-rapport_2024_000001.html", "op-orde-rapport_2024_000001.xlsx"]),
        ("findings", ["op-orde-rapport_2024_000001.html", "op-orde-rapport_2024_000001.xlsx"]),
        ("late but accepted", ["op-orde-rapport_2024_000001.html", "op-orde-rapport_2024_000001.xlsx"]),
        ("faults", ["fouten_2024_000001.csv"]),
        ("many faults", ["fouten_2024_000001.csv"]),
        ("no rows", ["fouten_2024_000001.csv"]),
        ("binary", ["fouten_2024_000001.csv"]),
        ("bad name", ["fouten_000001.csv"]),
        ("number in the name", ["fouten_2024_000001.csv"]),
        ("late", []),
        ("late with notices", ["bevindingen_2024_000001.csv"]),
        ("late and wrong", ["fouten_2024_000001.csv"]),
    ],
)
def test_a_mail_carries_what_it_speaks_of(case: str, attached: list[str], home: Home) -> None:
    _, mail = _deliver_case(home, FILES[case])
    message = read_mail(mail.path)
    attachments = attachments_of(message)
    assert list(attachments) == attached
    for kind in ("plain", "html"):
        text = body_of(message, kind)
        assert ("bijlage" in text) == bool(attached)
        # No path of this machine, not even of the report beside the mail.
        for place in (str(home.root), "reports/", ".eml", "000001-"):
            assert place not in text
    assert sum(map(len, attachments.values())) < 7_000_000
    for name, content in attachments.items():
        if name.endswith(".csv"):
            assert content.startswith(b"\xef\xbb\xbfregel;kolom;soort;ernst;bevinding;wat_te_doen;door\r\n")
            assert b"aanleverperiode" not in content
        if name.endswith(".html"):
            assert b"Op-orde-rapport" in content
            assert str(home.root).encode() not in content


def test_a_report_in_a_mail_is_the_one_of_that_moment(home: Home) -> None:
    """Later deliveries, withdrawals and explanations do not change it."""
    _, mail = _deliver(home, row(ANNA), row(""))
    made = mail.path.read_bytes()
    _deliver(home, row(ANNA), row(BRAM), at="2025-05-14T10:00:00")
    _explain(home, "bsn_missing", at="2025-05-15T10:00:00")
    mail.path.unlink()
    mailbox = _mailbox(home)
    log = mailbox.entries()
    mailbox.post(log[0], log)
    assert mail.path.read_bytes() == made


def test_an_explained_difference_is_asked_again_neither_in_the_mail_nor_in_its_report(home: Home) -> None:
    _deliver(home, *TWENTE)
    _deliver(home, TWENTE[0], at="2025-05-13T10:00:00")
    found = _open(home).reports.found_in_latest("almelo", 2024)["fewer_registrations"]
    assert found == 106
    _explain(home, "fewer_registrations", at="2025-05-13T12:00:00", count=found)
    _, mail = _deliver(home, TWENTE[0], at="2025-05-14T10:00:00")
    made = mail.path.read_bytes()
    message = read_mail(mail.path)
    page = attachments_of(message)["op-orde-rapport_2024_000003.html"].decode()
    for text in (body_of(message, "plain"), page):
        assert "opnieuw toe of verbeter" not in " ".join(text.split())
    mail.path.unlink()
    mailbox = _mailbox(home)
    log = mailbox.entries()
    mailbox.post(log[-1], log)
    assert mail.path.read_bytes() == made


def test_of_a_file_that_the_rules_of_now_reject_there_is_a_mail_without_a_report(home: Home) -> None:
    delivery, _ = _deliver(home, row(ANNA))
    stricter = METHODOLOGY.model_copy(update={"reporting_years": (2022, 2023)})
    mailbox = _open(home, stricter).mails
    message = read_mail(mailbox.post(delivery, mailbox.entries()))
    assert attachments_of(message) == {}
    text = body_of(message, "plain")
    assert "is goedgekeurd" in text
    assert "Het op-orde-rapport kon niet worden bijgevoegd." in text
    assert "in de bijlage" not in text


@pytest.mark.parametrize(
    ("limit", "rows", "names"),
    [
        (20_000, ("x",) * 400, ["fouten_2024_000001.zip"]),
        (60_000, (row(ANNA),), ["op-orde-rapport_2024_000001.html", "op-orde-rapport_2024_000001.xlsx"]),
        (30_000, (row(ANNA),), ["op-orde-rapport_2024_000001.html"]),
        (10, (row(ANNA),), []),
    ],
    ids=["packed", "all", "the page alone", "nothing"],
)
def test_a_mail_stays_small(limit: int, rows: tuple[str, ...], names: list[str], home: Home) -> None:
    delivery, _ = _deliver(home, *rows)
    mailbox = _mailbox(home, MailSettings(mail_contact=CONTACT, mail_attachments_limit=limit))
    message = read_mail(mailbox.post(delivery, mailbox.entries()))
    assert list(attachments_of(message)) == names
    assert ("bijlage" in body_of(message, "plain")) == bool(names)


def test_the_coordinators_are_greeted_and_their_organisation_is_named(home: Home) -> None:
    home.coordinators_file.write_text(
        "supplier_id;name;email;organisation\n"
        "almelo;Anna de Vriès;anna@opvang.internal;Stichting Opvång\nalmelo;Bob;bob@opvang.internal;\n",
        encoding="utf-8",
    )
    message = read_mail(_deliver(home, row(ANNA))[1].path)
    assert message["To"] == "Anna de Vriès <anna@opvang.internal>, Bob <bob@opvang.internal>"
    for kind in ("plain", "html"):
        text = " ".join(body_of(message, kind).split())
        assert "Beste Anna de Vriès en Bob," in text
        assert "van Stichting Opvång over verslagjaar 2024" in text
    other = read_mail(_deliver(home, row(ANNA), supplier="zwolle")[1].path)
    assert "Beste coördinator," in body_of(other, "plain")
    assert "van leverancier zwolle over verslagjaar 2024" in " ".join(body_of(other, "plain").split())


def _explain(home: Home, rule: str, *, at: str, count: int | None = None) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    ExplanationStore(home.deliveries).append(
        lambda sequence: Explanation(
            sequence=sequence,
            supplier_id="almelo",
            reporting_year=2024,
            rule=rule,
            text=SAID,
            count=count,
            recorded_at=moment,
            recorded_by="anna",
        ),
        actor=Actor("analist"),
    )


def test_what_was_explained_is_not_asked_again(home: Home) -> None:
    rows = (row(ANNA), row("", gemeente="9999"))
    _deliver(home, *rows)
    _explain(home, "bsn_missing", at="2025-05-12T22:30:00")
    delivery, mail = _deliver(home, *rows, row(BRAM), at="2025-05-13T10:00:00")
    made = mail.path.read_bytes()
    explained = "U hebt dit toegelicht op 13 mei 2025; opnieuw toelichten is niet nodig."
    for text in _parts(made):
        assert text.count(explained) == 1
        assert text.count("Wat te doen:") == 1
        assert "Loop de bevindingen hieronder na." in text
        assert SAID not in text
    _explain(home, "gemeente_unknown", at="2025-05-13T11:00:00")
    _mailbox(home).post(delivery, _mailbox(home).entries())
    assert mail.path.read_bytes() == made, "what is explained later does not change a mail"
    _, last = _deliver(home, *rows, at="2025-05-14T10:00:00")
    for text in _parts(last.path.read_bytes()):
        assert "Wat te doen:" not in text
        assert "Loop de bevindingen" not in text


def _parts(message: bytes) -> list[str]:
    """The visible text of a mail: the plain text, and the page without its tags."""
    made = message_from_bytes(message, EmailMessage, policy=SMTP)
    texts = [body_of(made, kind) for kind in ("plain", "html")]
    return [" ".join(re.sub("<[^>]*>", " ", text).split()) for text in texts]


def test_where_mails_are(home: Home) -> None:
    assert _deliver(home, row(ANNA))[1].path == home.reports / "2024" / "almelo" / "000001-mail.eml"
    assert _deliver(home, name="x.csv")[1].path == home.reports / "unknown" / "almelo" / "000002-mail.eml"


def test_every_entry_has_one_mail(home: Home) -> None:
    for number in (ANNA, BRAM, CEES):
        _deliver(home, row(number))
    moment = datetime(2025, 7, 1, 10, tzinfo=UTC)
    withdraw(
        DeliveryStore(home.deliveries),
        supplier_id="almelo",
        year=2024,
        at=moment,
        recorded_at=moment,
        actor=Actor("analyst"),
        accept_late=None,
        methodology=METHODOLOGY,
    )
    mailbox = _mailbox(home)
    log = mailbox.entries()
    assert [entry.delivery_id for entry in mailbox.missing(log)] == ["000004"]
    mailbox.post(log[-1], log)
    assert [mail.entry.delivery_id for mail in mailbox.mails(log)] == ["000001", "000002", "000003", "000004"]
    assert len(list(home.reports.rglob("*"))) == 2 + 4


def test_who_gets_a_mail(home: Home) -> None:
    to = [
        message_from_bytes(_deliver(home, row(ANNA), supplier=supplier)[1].path.read_bytes(), policy=SMTP)["To"]
        for supplier in ("almelo", "zwolle")
    ]
    assert to == ["Anna de Vriès <anna@opvang.internal>", CONTACT]


def test_a_file_that_was_touched_gives_no_mail_of_other_content(home: Home) -> None:
    delivery, mail = _deliver(home, row(ANNA))
    mail.path.unlink()
    (home.deliveries / delivery.delivery_id / delivery.stored_name).write_bytes(b"other")
    mailbox = _mailbox(home)
    with pytest.raises(Refused, match="000001 was changed"):
        mailbox.post(delivery, mailbox.entries())
    assert not mail.path.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"name,email\n", b"supplier_id,name,email\nx,y\n"])
def test_coordinators_that_cannot_be_read(content: bytes, home: Home) -> None:
    delivery, _ = _deliver(home, row(ANNA))
    home.coordinators_file.write_bytes(content)
    with pytest.raises(Refused, match=r"coordinators\.csv"):
        _mailbox(home).post(delivery, [delivery])


# --- Sending ---------------------------------------------------------------------------------------------------------


def test_what_waits_is_sent_once_and_safely(home: Home, tmp_path: Path) -> None:
    mails = [_deliver(home, row(ANNA))[1], _deliver(home, row(BRAM), supplier="ede")[1]]
    with MailServerForTests() as server:
        assert _send(home, server, tmp_path) == ([], [])
        assert _sent(home) == ["000001", "000002"]
        assert _send(home, server, tmp_path) == ([], [])
    assert [(r.sender, r.to, r.is_secure) for r in server.received] == [
        (CONTACT, ("anna@opvang.internal",), True),
        (CONTACT, ("bob@opvang.internal",), True),
    ]
    assert [r.content.rstrip() for r in server.received] == [mail.path.read_bytes().rstrip() for mail in mails]
    assert server.logins == [PASSWORD.encode()]


def test_a_server_that_is_away_loses_nothing(home: Home, tmp_path: Path) -> None:
    _deliver(home, row(ANNA))
    with MailServerForTests() as server:
        pass
    problems, retry_delays = _send(home, server, tmp_path)
    assert retry_delays == list(RETRY_DELAYS)
    assert len(problems) == 1
    assert problems[0].startswith(f"1 mail is waiting: the mail server {HOST}:{server.port} cannot be reached")
    assert _sent(home) == []
    with server:
        assert _send(home, server, tmp_path) == ([], [])
    assert _sent(home) == ["000001"]
    assert len(server.received) == 1


def test_a_server_that_comes_back_in_between(home: Home, tmp_path: Path) -> None:
    _deliver(home, row(ANNA))
    with MailServerForTests() as server:
        settings = _settings(server, tmp_path)
    made: list[float] = []

    def come_back(pause: float) -> None:
        made.append(pause)
        if len(made) == 2:
            server.__enter__()

    mailbox = _mailbox(home, settings)
    mails = mailbox.mails(mailbox.entries())
    try:
        assert mailbox.send(mails, MailServer(HOST, settings), retry_delays=RETRY_DELAYS, sleep=come_back) == []
    finally:
        server.__exit__(None, None, None)
    assert made == list(RETRY_DELAYS[:2])
    assert _sent(home) == ["000001"]


@pytest.mark.parametrize(
    ("server", "other", "said"),
    [
        (MailServerForTests(), {"smtp_ca_file": None}, "certificate that is not trusted"),
        (MailServerForTests(certified_for="other.internal"), {}, "certificate that is not trusted"),
        (MailServerForTests(has_tls=False), {}, "offers no STARTTLS"),
        (MailServerForTests(), {"smtp_password": "wrong"}, "does not accept the user name and password"),
    ],
    ids=["unknown authority", "other name", "no STARTTLS", "wrong password"],
)
def test_what_never_works_is_not_tried_again(
    server: MailServerForTests, other: dict[str, object], said: str, home: Home, tmp_path: Path
) -> None:
    _deliver(home, row(ANNA))
    with server:
        problems, retry_delays = _send(home, server, tmp_path, **other)
    assert len(problems) == 1
    assert said in problems[0]
    assert retry_delays == []
    assert server.received == []
    assert PASSWORD.encode() not in server.logins
    assert _sent(home) == []


def test_one_address_that_is_refused_holds_up_nobody(home: Home, tmp_path: Path) -> None:
    _deliver(home, row(ANNA))
    _deliver(home, row(BRAM), supplier="ede")
    with MailServerForTests(answers={"anna@opvang.internal": ["550 no such user"]}) as server:
        problems, retry_delays = _send(home, server, tmp_path)
        assert problems == ["the mail of 000001 waits: the mail server does not accept the address (reply 550)"]
        assert retry_delays == []
        assert _sent(home) == ["000002"]
        assert _send(home, server, tmp_path) == ([], [])
    assert _sent(home) == ["000001", "000002"]


def test_an_address_that_is_refused_for_now_is_tried_again(home: Home, tmp_path: Path) -> None:
    _deliver(home, row(ANNA))
    _deliver(home, row(BRAM), supplier="ede")
    with MailServerForTests(answers={"anna@opvang.internal": ["450 later", "451 later"]}) as server:
        assert _send(home, server, tmp_path) == ([], list(RETRY_DELAYS[:2]))
    assert [r.to[0][:3] for r in server.received] == ["bob", "ann"]


def test_one_of_two_coordinators_that_is_refused_is_reported(home: Home, tmp_path: Path) -> None:
    home.coordinators_file.write_text(f"{COORDINATORS}almelo,Cor,cor@opvang.internal\n", encoding="utf-8")
    _deliver(home, row(ANNA))
    with MailServerForTests(answers={"cor@opvang.internal": ["550 no such user"]}) as server:
        problems, _ = _send(home, server, tmp_path)
    assert problems == ["the mail of 000001 was sent, but the mail server did not accept 1 of its 2 addresses"]
    assert _sent(home) == ["000001"]


def test_a_crash_after_sending_sends_again_rather_than_never(home: Home, tmp_path: Path) -> None:
    _, mail = _deliver(home, row(ANNA))
    with MailServerForTests() as server:
        _send(home, server, tmp_path)
        mail.path.with_suffix(".sent").unlink()
        _send(home, server, tmp_path)
    # The recipient recognises the duplicate by its Message-ID.
    assert len(server.received) == 2
    assert len({r.message["Message-ID"] for r in server.received}) == 1


def test_two_that_send_at_once_send_each_mail_once(home: Home, tmp_path: Path) -> None:
    for number in (ANNA, BRAM, CEES):
        _deliver(home, row(number))
    with MailServerForTests() as server:
        threads = [threading.Thread(target=_send, args=(home, server, tmp_path)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert len({r.message["Message-ID"] for r in server.received}) == len(server.received) == 3


def test_a_supplier_without_an_address_waits_until_there_is_one(home: Home, tmp_path: Path) -> None:
    _, mail = _deliver(home, row(ANNA), supplier="zwolle")
    with MailServerForTests() as server:
        problems, retry_delays = _send(home, server, tmp_path, mail_contact="monitor@cbs.example")
        assert len(problems) == 1
        assert "no address is known for zwolle" in problems[0]
        assert (server.received, retry_delays) == ([], [])
        home.coordinators_file.write_text("supplier_id,name,email\nzwolle,Zoë,zoe@opvang.internal\n", encoding="utf-8")
        assert _send(home, server, tmp_path) == ([], [])
    (received,) = server.received
    assert received.to == ("zoe@opvang.internal",)
    assert received.message["To"] == "Zoë <zoe@opvang.internal>"
    assert "ONTVANGSTBEWIJS" in body_of(received.message, "plain").upper()
    assert received.content.rstrip() == mail.path.read_bytes().rstrip()


def test_a_mail_that_waits_greets_who_gets_it_now(home: Home, tmp_path: Path) -> None:
    _, mail = _deliver(home, row(ANNA))
    home.coordinators_file.write_text("supplier_id,name,email\nalmelo,Cor,cor@opvang.internal\n", encoding="utf-8")
    kept = home.deliveries / "000001" / "DAKL_J2024_x.csv"
    content = kept.read_bytes()
    kept.write_bytes(b"other")
    with MailServerForTests() as server:
        # Anna's mail must not go to Cor, and a new one cannot be made now.
        (problem,) = _send(home, server, tmp_path)[0]
        assert problem.startswith("the mail of 000001 waits, as its recipients changed: the file of delivery 000001")
        assert server.received == []
        kept.write_bytes(content)
        assert _send(home, server, tmp_path) == ([], [])
    (received,) = server.received
    assert received.to == ("cor@opvang.internal",)
    assert "Beste Cor," in body_of(received.message, "plain")
    assert "Anna" not in received.content.decode()
    assert received.content.rstrip() == mail.path.read_bytes().rstrip()


def test_a_note_of_sending_that_was_touched(home: Home) -> None:
    delivery, mail = _deliver(home, row(ANNA))
    mail.path.with_suffix(".sent").write_text("{}")
    with pytest.raises(Refused, match=r"000001-mail\.sent is not readable"):
        _mailbox(home).mails([delivery])


# --- Settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DAKL_SMTP_PORT": "many"}, "DAKL_SMTP_PORT"),
        ({"DAKL_SMTP_FROM": "nobody"}, "DAKL_SMTP_FROM"),
        ({"DAKL_MAIL_CONTACT": "a@b.nl\nBcc: c@d.nl"}, "DAKL_MAIL_CONTACT"),
        ({"DAKL_SMTP_USERNAME": "x"}, "go together"),
        ({"DAKL_SMTP_PASSWORD": PASSWORD}, "go together"),
        (
            {"DAKL_SMTP_USERNAME": "x", "DAKL_SMTP_PASSWORD": PASSWORD, "DAKL_SMTP_STARTTLS": "false"},
            "would send the password unprotected",
        ),
    ],
)
def test_settings_that_cannot_be(environment: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WrongUsage, match=said) as caught:
        load_mail_settings()
    assert PASSWORD not in str(caught.value)


def test_the_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAKL_SMTP_USERNAME", "x")
    monkeypatch.setenv("DAKL_SMTP_PASSWORD", PASSWORD)
    assert PASSWORD not in f"{load_mail_settings()!r} {load_mail_settings().model_dump()}"


# --- The command line ------------------------------------------------------------------------------------------------

Environ = Callable[[MailServerForTests], None]


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Environ:
    """Set the environment for a server."""

    def set_up(server: MailServerForTests) -> None:
        for name, value in _settings(server, tmp_path).model_dump(exclude={"smtp_password"}, exclude_none=True).items():
            if name != "smtp_retry_delays":
                monkeypatch.setenv(f"DAKL_{name.upper()}", str(value))
        monkeypatch.setenv("DAKL_SMTP_PASSWORD", PASSWORD)
        monkeypatch.setenv("DAKL_SMTP_RETRY_DELAYS", "[0, 0]")

    return set_up


def _deliver_command(home: Home, *rows: str) -> int:
    file = home.root.parent / "DAKL_J2024_x.csv"
    file.write_text("\n".join([HEADER, *rows]) + "\n")
    arguments = ["deliver", str(file), "--supplier", "almelo", "--received-at", "2025-05-12", "--json"]
    return main([*arguments, "--home", str(home.root)])


def test_sending_from_the_command_line(
    home: Home, environ: Environ, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = ["mails", "--home", str(home.root)]
    assert _deliver_command(home, row(ANNA)) == 0
    assert main([*listing, "--send"]) == 3
    assert "DAKL_SMTP_HOST" in capsys.readouterr().err
    with MailServerForTests() as server:
        environ(server)
    assert main([*listing, "--send"]) == 1
    said = capsys.readouterr()
    assert "cannot be reached" in said.err
    assert "nothing is lost" in said.err
    assert "1 mail, 0 sent" in said.out
    with server:
        assert main([*listing, "--send"]) == 0
        assert "1 mail, 1 sent" in capsys.readouterr().out
        # From now on a delivery sends its own mail.
        assert _deliver_command(home, "x") == 1
        assert json.loads(capsys.readouterr().out)["mail"].endswith("000002-mail.eml")
    assert [r.message["Subject"].rpartition(" ")[2] for r in server.received] == ["(000001)", "(000002)"]
    assert main([*listing, "--json"]) == 0
    mails = json.loads(capsys.readouterr().out)
    assert [(m["delivery_id"], m["kind"], m["to"]) for m in mails] == [
        ("000001", "delivery", ["anna@opvang.internal"]),
        ("000002", "delivery", ["anna@opvang.internal"]),
    ]
    assert all(m["sent_at"] for m in mails)


@pytest.mark.parametrize(("rows", "code"), [((row(ANNA),), 0), (("x",), 1)], ids=["approved", "rejected"])
def test_a_mail_that_fails_never_fails_the_delivery(
    rows: tuple[str, ...], code: int, home: Home, environ: Environ, capsys: pytest.CaptureFixture[str]
) -> None:
    with MailServerForTests() as server:
        environ(server)
    assert _deliver_command(home, *rows) == code
    said = capsys.readouterr()
    assert json.loads(said.out)["delivery_id"] == "000001"
    assert said.err.startswith("dakl: 000001 was logged, but there is a problem with mail: 1 mail is waiting")
    assert len(said.err.splitlines()) == 1
    home.coordinators_file.write_text("nonsense")
    assert _deliver_command(home, *rows) == code
    said = capsys.readouterr()
    assert json.loads(said.out)["mail"] is None
    assert "coordinators.csv" in said.err
    assert main(["mails", "--home", str(home.root)]) == 1
    home.coordinators_file.write_text(COORDINATORS, encoding="utf-8")
    with server:
        assert main(["mails", "--send", "--home", str(home.root)]) == 0
    assert len(server.received) == 2
    assert PASSWORD not in "".join(capsys.readouterr())


def test_mails_of_crashed_deliveries_are_made_by_the_next_one(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (ANNA, BRAM):
        _deliver(home, row(number))[1].path.unlink()
    assert _deliver_command(home, row(CEES)) == 0
    assert len(list(home.reports.rglob("*-mail.eml"))) == 3


def test_one_mail_that_cannot_be_made_holds_up_no_other(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    for number, supplier in ((ANNA, "almelo"), (BRAM, "ede")):
        _deliver(home, row(number), supplier=supplier)[1].path.unlink()
    kept = home.deliveries / "000001" / "DAKL_J2024_x.csv"
    content = kept.read_bytes()
    kept.write_bytes(b"other")
    assert main(["mails", "--home", str(home.root)]) == 1
    said = capsys.readouterr()
    assert "the mail of 000001 was not made" in said.err
    assert "1 mail, 0 sent" in said.out
    kept.write_bytes(content)
    assert main(["mails", "--home", str(home.root)]) == 0
