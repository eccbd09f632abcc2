"""The content of a mail, for every outcome of a delivery or a withdrawal."""

import pytest

from dakl_pipeline.deliveries.log import Cancellation, Delivery, Entry, Withdrawal
from dakl_pipeline.intake.findings import finding
from dakl_pipeline.mail.content import MailContent, content_of_cancellation, content_of_delivery, content_of_withdrawal
from tests.support.mail_entries import METHODOLOGY, SHA256, cancellation, delivery, withdrawal

MISTAKE = "ongedaan gemaakt. Die was bij vergissing vastgelegd en telt niet mee. Reden: verkeerde leverancier"
REPORT = "op-orde-rapport_2024_000001.html"
CONTACT = "monitor@cbs.example"


def _content_of(entry: Delivery, *others: Delivery | Withdrawal) -> MailContent:
    findings = [finding("bsn_missing", row=3)] if "bsn_missing" in entry.findings else []
    return content_of_delivery(
        entry, [*others, entry], findings, attached=[REPORT], contact=CONTACT, methodology=METHODOLOGY
    )


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ([delivery(1)], "Dit bestand telt nu mee voor verslagjaar 2024."),
        (
            [delivery(1), delivery(2, received="2025-05-14T08:00:00")],
            "Dit bestand telt nu mee voor verslagjaar 2024. Het vervangt aanlevering 000001 van 12 mei 2025.",
        ),
        (
            [delivery(1, received="2025-05-14T08:00:00"), delivery(2)],
            "Het bestand telt niet mee: aanlevering 000001 van 14 mei 2025 is later ontvangen en telt wel mee.",
        ),
        (
            [delivery(1), withdrawal(2), delivery(3, received="2025-07-02T08:00:00", late="na overleg")],
            "Het bestand telt niet mee: u hebt verslagjaar 2024 in deze ronde ingetrokken (intrekking 000002).",
        ),
        (
            [delivery(1, approved=False), delivery(2, received="2025-05-14T08:00:00")],
            "Dit bestand telt nu mee voor verslagjaar 2024.",
        ),
        ([delivery(1, supplier="enschede"), delivery(2)], "Dit bestand telt nu mee voor verslagjaar 2024."),
        ([delivery(1, year=2023), delivery(2)], "Dit bestand telt nu mee voor verslagjaar 2024."),
    ],
    ids=["first", "correction", "older", "withdrawn", "after a rejection", "other supplier", "other year"],
)
def test_an_approved_file_hears_whether_it_counts(log: list[Delivery | Withdrawal], said: str) -> None:
    *earlier, entry = log
    assert isinstance(entry, Delivery)
    content = _content_of(entry, *earlier)
    assert content.outcome == "approved"
    assert content.paragraphs[1] == said
    assert "op-orde-rapport in de bijlage" in content.steps[0]


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ([delivery(1, approved=False)], "Er telt nu geen bestand van u mee voor verslagjaar 2024."),
        (
            [delivery(1), delivery(2, approved=False)],
            "Voor verslagjaar 2024 blijft aanlevering 000001 van 12 mei 2025 meetellen.",
        ),
        (
            [delivery(1), withdrawal(2), delivery(3, approved=False)],
            "Er telt nu geen bestand van u mee voor verslagjaar 2024.",
        ),
        (
            [delivery(1, approved=False, year=None)],
            "Uit de naam van het bestand blijkt niet over welk verslagjaar het gaat.",
        ),
    ],
    ids=["nothing before", "an earlier one stays", "the earlier one is withdrawn", "no year"],
)
def test_a_rejected_file_hears_what_counts_instead(log: list[Delivery | Withdrawal], said: str) -> None:
    *earlier, entry = log
    assert isinstance(entry, Delivery)
    content = _content_of(entry, *earlier)
    assert content.outcome == "rejected"
    assert "geweigerd" in content.paragraphs[0]
    assert content.paragraphs[1] == said


@pytest.mark.parametrize(
    ("received", "last_day"),
    [("2025-05-12T10:00:00", "18 juni 2025"), ("2024-06-20T10:00:00", "24 juni 2024"), ("2025-08-01T10:00:00", None)],
    ids=["window", "extension", "closed"],
)
def test_until_when_one_can_deliver_again(received: str, last_day: str | None) -> None:
    entry = delivery(1, year=2023, approved=False, received=received)
    steps = " ".join(_content_of(entry).steps)
    assert (f"tot en met {last_day}" in steps) if last_day else "tot en met" not in steps


def test_a_file_outside_the_window_is_not_told_to_try_again() -> None:
    content = _content_of(delivery(1, approved=False, findings={"delivery_window": 1}, received="2025-08-01T10:00:00"))
    assert content.groups == ()
    assert len(content.steps) == 1
    assert f"Vraag dat eerst aan CBS: beantwoord deze mail, of schrijf naar {CONTACT}." in content.steps[0]


def test_findings_of_an_approved_file() -> None:
    content = _content_of(delivery(1, findings={"bsn_missing": 1}))
    assert "Loop de bevindingen hieronder na." in content.steps
    assert [m.where for m in content.groups[0].messages] == ["Regel 3"]


def test_proof_of_receipt() -> None:
    receipt = dict(_content_of(delivery(12)).receipt)
    assert receipt["Aanlevering"] == "000012"
    assert receipt["Controlegetal (SHA-256)"] == SHA256
    assert receipt["Ontvangen"] == "12 mei 2025 om 12.30 uur"
    assert receipt["Bestand"] == "DAKL_J2024_Almelo.csv"
    assert receipt["Grootte"] == "1.094 bytes"


def test_the_same_content_again_is_pointed_out() -> None:
    content = _content_of(delivery(2, same_as="000001"), delivery(1))
    assert "de inhoud is precies gelijk aan die van aanlevering 000001 van 12 mei 2025" in " ".join(content.paragraphs)


def test_late_but_accepted_says_so_without_the_reason_in_the_log() -> None:
    said = " ".join(_content_of(delivery(1, received="2025-08-01T10:00:00", late="ziekte van de collega")).paragraphs)
    assert "CBS heeft het toch geaccepteerd" in said
    assert "collega" not in said


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            [delivery(1), delivery(2), withdrawal(3)],
            "Dit geldt voor aanlevering 000001 van 12 mei 2025 en aanlevering 000002 van 12 mei 2025.",
        ),
        (
            [
                delivery(1, year=2023, received="2024-05-01T10:00:00"),
                delivery(2, year=2023),
                withdrawal(3, year=2023, received="2024-06-25T10:00:00"),
            ],
            "Dit geldt voor aanlevering 000001 van 1 mei 2024. "
            "Uw aanlevering 000002 van 12 mei 2025 is van een latere ronde en telt wel mee.",
        ),
        (
            [delivery(1), withdrawal(2, received="2025-08-01T10:00:00", late="post")],
            "Dit geldt voor aanlevering 000001 van 12 mei 2025. "
            "De intrekking kwam buiten de intrekkingsperiode; CBS heeft haar toch geaccepteerd.",
        ),
    ],
    ids=["two files", "a later round stays", "late"],
)
def test_a_withdrawal_is_confirmed(log: list[Delivery | Withdrawal], said: str) -> None:
    entry = log[-1]
    assert isinstance(entry, Withdrawal)
    content = content_of_withdrawal(entry, log, methodology=METHODOLOGY)
    assert content.outcome == "withdrawn"
    assert " ".join(content.paragraphs[1:]) == said
    assert dict(content.receipt)["Intrekking"] == entry.delivery_id


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            [delivery(1), cancellation(2, delivery(1))],
            f"CBS heeft uw aanlevering 000001 van 12 mei 2025 {MISTAKE} "
            "Er telt nu geen bestand van u mee voor verslagjaar 2024.",
        ),
        (
            [delivery(1), delivery(2, received="2025-05-14T08:00:00"), cancellation(3, delivery(2))],
            f"CBS heeft uw aanlevering 000002 van 14 mei 2025 {MISTAKE} "
            "Voor verslagjaar 2024 telt nu aanlevering 000001 van 12 mei 2025 mee.",
        ),
        (
            [delivery(1), withdrawal(2), cancellation(3, withdrawal(2))],
            f"CBS heeft uw intrekking 000002 van 1 juli 2025 {MISTAKE} "
            "Voor verslagjaar 2024 telt nu aanlevering 000001 van 12 mei 2025 mee.",
        ),
        (
            [delivery(1, year=None, approved=False), cancellation(2, delivery(1, year=None))],
            f"CBS heeft uw aanlevering 000001 van 12 mei 2025 {MISTAKE}",
        ),
    ],
    ids=["the only file", "the later file", "a withdrawal", "a file without a year"],
)
def test_a_cancellation_is_told(log: list[Entry], said: str) -> None:
    entry = log[-1]
    assert isinstance(entry, Cancellation)
    content = content_of_cancellation(entry, [*log, delivery(9)], methodology=METHODOLOGY)
    assert content.outcome == "cancelled"
    assert " ".join(content.paragraphs) == said
    assert dict(content.receipt)["Ongedaan gemaakt"] == entry.cancels


def test_what_is_logged_later_does_not_change_a_mail() -> None:
    first = delivery(1)
    assert _content_of(first) == _content_of(first, delivery(2), withdrawal(3))
