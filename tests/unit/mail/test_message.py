"""The message: headers, two readable parts, the same bytes each time, and no active content from a supplier."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser

import pytest

from dakl_pipeline.deliveries.log import Delivery
from dakl_pipeline.intake.catalogue import catalogue
from dakl_pipeline.mail.attachments import Attachment
from dakl_pipeline.mail.content import content_of_delivery, content_of_withdrawal
from dakl_pipeline.mail.message import compose
from dakl_pipeline.mail.recipients import Recipient
from tests.support.mail_entries import METHODOLOGY, SHA256, delivery, withdrawal
from tests.support.mails import attachments_of

CONTACT = "monitor@cbs.example"
ANNA = Recipient("Anna de Vriès", "anna@opvang.internal")
VOID = {"meta"}
PAGE = "op-orde-rapport_2024_000012.html"


def _compose(entry: Delivery, *to: Recipient) -> EmailMessage:
    content = content_of_delivery(entry, [entry], [], attached=["x.html"], contact=CONTACT, methodology=METHODOLOGY)
    return compose(entry, content, to=to or (ANNA,), sender="dakl@cbs.example", reply_to=CONTACT)


def _read(message: EmailMessage) -> EmailMessage:
    read = message_from_bytes(message.as_bytes(), EmailMessage, policy=SMTP)
    assert not read.defects
    return read


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


class _Page(HTMLParser):
    """Collects the elements of a page and checks that they are nested."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_headers() -> None:
    message = _read(_compose(delivery(12), ANNA, Recipient("", "bob@opvang.internal")))
    assert message["Subject"] == "Goedgekeurd: bestand over 2024 (000012)"
    assert message["To"] == "Anna de Vriès <anna@opvang.internal>, bob@opvang.internal"
    assert message["From"] == "CBS Monitor Dakloosheid <dakl@cbs.example>"
    assert message["Reply-To"].addresses[0].addr_spec == CONTACT
    assert message["Date"] == "Mon, 12 May 2025 10:31:00 +0000"
    assert message["Message-ID"].startswith("<000012.")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "nl"


def test_text_and_html_say_the_same() -> None:
    message = _read(_compose(delivery(12, approved=False, findings={"bsn_format": 3})))
    assert message.get_content_type() == "multipart/alternative"
    assert list(message.iter_attachments()) == []
    for kind in ("plain", "html"):
        body = _part(message, kind)
        for said in (
            "000012",
            SHA256,
            "BSN verkeerd geschreven",
            "3 keer",
            "Vul een BSN van 9 cijfers in",
            "18 juni 2025",
        ):
            assert said in body


def test_the_same_entry_gives_the_same_bytes_and_another_entry_another_message() -> None:
    assert _compose(delivery(12)).as_bytes() == _compose(delivery(12)).as_bytes()
    assert _compose(delivery(12))["Message-ID"] != _compose(delivery(12, received="2025-05-13T00:00:00"))["Message-ID"]


def test_every_line_can_be_sent() -> None:
    counts = {rule.id: 1 for rule in catalogue().rule}
    content = _compose(delivery(1, approved=False, findings=counts)).as_bytes()
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_the_page_is_well_formed_and_needs_nothing() -> None:
    counts = {rule.id: 1 for rule in catalogue().rule}
    html = _part(_compose(delivery(1, approved=False, findings=counts)), "html")
    page = _Page()
    page.feed(html)
    assert page.open == []
    assert page.elements.count("h1") == 1
    assert set(page.elements) <= {
        *("html", "head", "meta", "title", "style", "body", "div", "h1", "h2", "h3", "p", "ul", "li", "span"),
        *("dl", "dt", "dd"),
    }
    assert page.attributes <= {"lang", "charset", "name", "content", "class", "style"}
    assert "http" not in html
    assert 'lang="nl"' in html


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.csv", "DAKL_J2024_&amp;.csv", '"><img src=x>.csv', "DAKL_J2024_\r\nBcc: x.csv"]
)
def test_what_a_supplier_wrote_does_not_work(name: str) -> None:
    message = _compose(delivery(1, approved=False, file_name=name))
    page = _Page()
    page.feed(_part(message, "html"))
    assert page.open == []
    assert not {"script", "img"} & set(page.elements)
    assert "Bcc" not in _read(message)
    assert re.search(rf"^Bestand +{re.escape(name.splitlines()[0])}", _part(message, "plain"), re.MULTILINE)
    assert not [line for line in _part(message, "plain").splitlines() if line.startswith("Bcc")]


@pytest.mark.parametrize("number", ["123456782", "12345678", "1234567890", "123.456.782"])
def test_a_number_in_a_file_name_is_masked(number: str) -> None:
    message = _compose(delivery(1, approved=False, file_name=f"DAKL_J2024_{number}.csv"))
    for kind in ("plain", "html"):
        assert number not in _part(message, kind)
        assert "_###" in _part(message, kind)


def test_a_withdrawal() -> None:
    entry = withdrawal(2)
    content = content_of_withdrawal(entry, [delivery(1), entry], methodology=METHODOLOGY)
    message = _read(compose(entry, content, to=(ANNA,), sender=CONTACT, reply_to=CONTACT))
    assert message["Subject"] == "Ingetrokken: verslagjaar 2024 (000002)"
    assert "000001" in _part(message, "plain")


def _with_attachments(*attachments: Attachment) -> EmailMessage:
    entry = delivery(12)
    names = [each.name for each in attachments]
    content = content_of_delivery(entry, [entry], [], attached=names, contact=CONTACT, methodology=METHODOLOGY)
    message = compose(entry, content, to=(ANNA,), sender="dakl@cbs.example", reply_to=CONTACT, attachments=attachments)
    return _read(message)


def test_attachments_arrive_as_they_were_made() -> None:
    page, table = "<p>één</p>\n".encode(), b"a;b\r\n" * 3
    message = _with_attachments(Attachment(PAGE, page), Attachment("fouten_2024_000012.csv", table))
    assert message.get_content_type() == "multipart/mixed"
    assert attachments_of(message) == {PAGE: page, "fouten_2024_000012.csv": table}
    assert [part.get_content_type() for part in message.iter_attachments()] == ["text/html", "text/csv"]
    assert [part["Content-Disposition"].content_disposition for part in message.iter_attachments()] == [
        "attachment"
    ] * 2
    # The attached page is not mistaken for the page of the mail.
    assert "Uw bestand is goedgekeurd" in _part(message, "html")
    content = message.as_bytes()
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert content == _with_attachments(Attachment(PAGE, page), Attachment("fouten_2024_000012.csv", table)).as_bytes()


def test_the_text_is_narrow_and_the_page_fits_a_phone() -> None:
    long = "DAKL_J2024_" + "x" * 100 + ".csv"
    counts = {rule.id: 1_234 for rule in catalogue().rule}
    message = _compose(delivery(1, approved=False, findings=counts, file_name=long))
    assert max(map(len, _part(message, "plain").splitlines())) <= 78
    html = _part(message, "html")
    assert 'name="viewport" content="width=device-width' in html
    assert "prefers-color-scheme: dark" in html
    assert min(int(size) for size in re.findall(r"font-size:(\d+)px", html)) >= 16
    assert not re.search(r"[^-]width:", html)


@pytest.mark.parametrize("year", [2023, None])
@pytest.mark.parametrize(
    ("findings", "received"),
    [
        ({}, "2025-05-12T10:30:05"),
        ({"bsn_format": 3}, "2025-05-12T10:30:05"),
        ({"delivery_window": 1}, "2025-12-01T00:00:00"),
        ({"delivery_window": 1, "bsn_format": 3}, "2025-12-01T00:00:00"),
        ({"delivery_window": 1, "bsn_format": 3}, "2024-01-01T00:00:00"),
    ],
)
def test_a_subject_begins_with_the_outcome_and_fits_a_phone(
    findings: dict[str, int], received: str, year: int | None
) -> None:
    entry = delivery(123_456, approved=not findings, findings=findings or None, received=received, year=year)
    subject = _compose(entry)["Subject"]
    assert subject.startswith("Goedgekeurd" if entry.approved else "Afgekeurd")
    assert len(subject) <= 50
    assert "123456" in subject


def test_a_list_of_mails_shows_the_outcome_beside_the_subject() -> None:
    html = _part(_compose(delivery(12)), "html")
    preview = re.search(r'<div style="display:none[^"]*">([^<]*)</div>', html)
    assert preview is not None
    assert preview.group(1).startswith("Het bestand DAKL_J2024_Almelo.csv van leverancier almelo over verslagjaar 2024")
    assert html.index(preview.group()) < html.index("<h1")
