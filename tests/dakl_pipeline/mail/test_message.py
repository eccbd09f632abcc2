"""The message: headers, two readable parts, the same bytes each time, and nothing of a supplier that works."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser

import pytest

from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.catalogue import catalogue
from dakl_pipeline.intake.log import Delivery
from dakl_pipeline.mail.message import Recipient, compose, is_address, read_coordinators
from dakl_pipeline.mail.notice import notice_of_delivery, notice_of_withdrawal
from tests.dakl_pipeline.mail.entries import METHODOLOGY, SHA256, delivery, withdrawal

CONTACT = "monitor@cbs.example"
ANNA = Recipient("Anna de Vriès", "anna@opvang.internal")
VOID = {"meta"}


def _compose(entry: Delivery, *to: Recipient) -> EmailMessage:
    notice = notice_of_delivery(entry, [entry], [], report="reports/x.html", methodology=METHODOLOGY)
    return compose(entry, notice, to=to or (ANNA,), sender="dakl@cbs.example", reply_to=CONTACT)


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
    assert message["Subject"] == "Monitor Dakloosheid: bestand over 2024 goedgekeurd (000012)"
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
        *("html", "head", "meta", "title", "body", "div", "h1", "h2", "h3", "p", "ul", "li", "span"),
        *("table", "tbody", "tr", "th", "td"),
    }
    assert page.attributes <= {"lang", "charset", "style", "scope"}
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
    assert f"Bestand         {name.splitlines()[0]}" in _part(message, "plain")
    assert not [line for line in _part(message, "plain").splitlines() if line.startswith("Bcc")]


@pytest.mark.parametrize("number", ["123456782", "12345678", "1234567890", "123.456.782"])
def test_a_number_in_a_file_name_is_masked(number: str) -> None:
    message = _compose(delivery(1, approved=False, file_name=f"DAKL_J2024_{number}.csv"))
    for kind in ("plain", "html"):
        assert number not in _part(message, kind)
        assert "_###" in _part(message, kind)


def test_a_withdrawal() -> None:
    entry = withdrawal(2)
    notice = notice_of_withdrawal(entry, [delivery(1), entry], methodology=METHODOLOGY)
    message = _read(compose(entry, notice, to=(ANNA,), sender=CONTACT, reply_to=CONTACT))
    assert message["Subject"] == "Monitor Dakloosheid: intrekking van 2024 bevestigd (000002)"
    assert "000001" in _part(message, "plain")


@pytest.mark.parametrize(
    "text",
    [
        "supplier_id,name,email\nalmelo,Anna,anna@opvang.internal\nalmelo,Bob,bob@opvang.internal\nede,,c@d.nl\n",
        "Supplier_ID;name;email\r\nalmelo; Anna ;anna@opvang.internal\r\nalmelo;Bob;bob@opvang.internal\r\n"
        "ede;;c@d.nl\r\n",
    ],
    ids=["comma", "semicolon"],
)
def test_coordinators(text: str) -> None:
    assert read_coordinators(text) == {
        "almelo": (Recipient("Anna", "anna@opvang.internal"), Recipient("Bob", "bob@opvang.internal")),
        "ede": (Recipient("", "c@d.nl"),),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line"),
        ("almelo,Anna,anna@opvang.internal\n", "first line"),
        ("supplier_id,name,email\nalmelo,Anna\n", "line 2"),
        ("supplier_id,name,email\nalmelo,Anna,anna\n", "line 2"),
        ("supplier_id,name,email\nalmelo,Anna,a@b.nl\nede,Bob,b@c.nl,extra\n", "line 3"),
        ("supplier_id,name,email\n,Anna,a@b.nl\n", "line 2"),
        ('supplier_id,name,email\nalmelo,"Anna\nBcc: x@y.nl",a@b.nl\n', "line 3"),
    ],
)
def test_coordinators_that_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read_coordinators(text)


@pytest.mark.parametrize(
    ("email", "is_right", "is_placeholder"),
    [
        ("anna@opvang.internal", True, False),
        ("a.b+c@gemeente-almelo.nl", True, False),
        ("x@cbs.example", True, True),
        ("x@example.org", True, True),
        ("x@test.nl", True, False),
        ("x@notexample.nl", True, False),
        ("anna", False, False),
        ("anna@opvang", False, False),
        ("a b@c.nl", False, False),
        ("a@b.nl\nBcc: c@d.nl", False, False),
        ("Anna <a@b.nl>", False, False),
    ],
)
def test_addresses(email: str, is_right: bool, is_placeholder: bool) -> None:
    assert is_address(email) is is_right
    assert Recipient("", email).is_placeholder is is_placeholder
