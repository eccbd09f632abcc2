"""The text about a rejected file, for every mixture of reasons: corrections, dates to deliver, and whom to ask."""

import re

import pytest

from dakl_pipeline.intake.findings import Finding, finding
from dakl_pipeline.mail.content import MailContent, content_of_delivery
from dakl_pipeline.mail.rendering import as_html, as_text
from tests.support.mail_entries import IN_WINDOW, METHODOLOGY, delivery

CONTACT = "monitor@cbs.example"
LATE, EARLY, BETWEEN = "2025-08-01T10:00:00", "2025-02-01T10:00:00", "2024-08-01T10:00:00"
TABLE = "fouten_2024_000001.csv"
WINDOW = finding("delivery_window", windows="", year=2024)
FAULT = finding("bsn_format", row=3, column="bsn")
NAME = finding("file_name")
UNREADABLE = finding("no_rows")
A_NOTICE = finding("code_padded", row=4, column="gemeentecode")
WARNING = finding("bsn_missing", row=5)

MEND = "Verbeter de fout"
ONLY_TIME = "Aan het bestand zelf hoeft u niets te verbeteren."
NO_REASON = "Deze punten zijn niet de reden van de afkeuring."
AGAIN = "Lever het verbeterde bestand opnieuw aan. Dat kan tot en met 18 juni 2025."
ASK = f"Vraag dat eerst aan CBS: beantwoord deze mail, of schrijf naar {CONTACT}."
NEXT = "aan in de volgende aanleverperiode: van 24 april 2025 tot en met 18 juni 2025."
MISSED = "Het kwam buiten de aanleverperiode van verslagjaar 2024 (24 april 2025 tot en met 18 juni 2025)."
ROWS = ", met regel en kolom, ook in de bijlage."
ALL = "over de naam of het bestand als geheel, niet over losse regels. De fout staat ook in de bijlage."

EVERYTHING = (MEND, ONLY_TIME, NO_REASON, AGAIN, ASK, NEXT, MISSED, ROWS, ALL)


def _content_of(findings: list[Finding], *, received: str, year: int | None = 2024) -> MailContent:
    counts = {each.rule: sum(other.rule == each.rule for other in findings) for each in findings}
    entry = delivery(1, approved=False, findings=counts, received=received, year=year)
    has_table = set(counts) != {"delivery_window"}
    return content_of_delivery(
        entry, [entry], findings, attached=[TABLE] if has_table else [], contact=CONTACT, methodology=METHODOLOGY
    )


@pytest.mark.parametrize(
    ("findings", "received", "headline", "said"),
    [
        ([FAULT], IN_WINDOW, "Uw bestand is afgekeurd", {MEND, ROWS, AGAIN}),
        ([FAULT, FAULT, NAME], IN_WINDOW, "Uw bestand is afgekeurd", {MEND, ROWS, AGAIN}),
        ([NAME], IN_WINDOW, "Uw bestand is afgekeurd", {MEND, ALL, AGAIN}),
        ([UNREADABLE], IN_WINDOW, "Uw bestand is afgekeurd", {MEND, ALL, AGAIN}),
        ([WINDOW], LATE, "Uw bestand is te laat en daarom afgekeurd", {ONLY_TIME, MISSED, ASK}),
        ([WINDOW, A_NOTICE], LATE, "Uw bestand is te laat en daarom afgekeurd", {ONLY_TIME, MISSED, ASK, NO_REASON}),
        ([WINDOW, WARNING], LATE, "Uw bestand is te laat en daarom afgekeurd", {ONLY_TIME, MISSED, ASK, NO_REASON}),
        (
            [WINDOW, A_NOTICE, WARNING],
            LATE,
            "Uw bestand is te laat en daarom afgekeurd",
            {ONLY_TIME, MISSED, ASK, NO_REASON},
        ),
        ([WINDOW, FAULT], LATE, "Uw bestand is afgekeurd en te laat", {MEND, ROWS, MISSED, ASK}),
        ([WINDOW, NAME], LATE, "Uw bestand is afgekeurd en te laat", {MEND, ALL, MISSED, ASK}),
        ([WINDOW, UNREADABLE], LATE, "Uw bestand is afgekeurd en te laat", {MEND, ALL, MISSED, ASK}),
        ([WINDOW], EARLY, "Uw bestand is te vroeg en daarom afgekeurd", {ONLY_TIME, MISSED, NEXT}),
        (
            [WINDOW, A_NOTICE],
            EARLY,
            "Uw bestand is te vroeg en daarom afgekeurd",
            {ONLY_TIME, MISSED, NEXT, NO_REASON},
        ),
        ([WINDOW, FAULT], EARLY, "Uw bestand is afgekeurd en te vroeg", {MEND, ROWS, MISSED, NEXT}),
    ],
)
def test_what_a_rejected_file_is_told(findings: list[Finding], received: str, headline: str, said: set[str]) -> None:
    content = _content_of(findings, received=received)
    assert content.headline == headline
    text = " ".join([*content.paragraphs, *content.steps, content.note])
    assert {each for each in EVERYTHING if each in text} == said
    assert ("dakl check" in text) == (MEND in said)
    for shown in (as_text(content, "Beste Anna,"), re.sub("<[^>]*>", " ", as_html(content, "Beste Anna,"))):
        assert all(each in " ".join(shown.split()) for each in said)


def test_between_two_rounds_one_can_wait_or_ask() -> None:
    content = _content_of([WINDOW], received=BETWEEN, year=2023)
    assert NEXT in content.steps[0]
    assert ASK in content.steps[1]
    assert "(4 maart 2024 tot en met 24 juni 2024 en 24 april 2025 tot en met 18 juni 2025)" in content.paragraphs[1]


def test_a_year_without_a_round() -> None:
    content = _content_of([WINDOW], received=IN_WINDOW, year=2021)
    assert content.headline == "Uw bestand is afgekeurd"
    assert "er is geen ronde voor dit verslagjaar" in content.paragraphs[1]
    assert ASK in content.steps[0]


def test_a_window_that_was_moved_since_is_not_said_to_be_missed() -> None:
    content = _content_of([WINDOW], received=IN_WINDOW)
    assert "Het kwam buiten de aanleverperiode van verslagjaar 2024." in content.paragraphs


def test_of_very_many_faults_the_table_holds_the_first() -> None:
    entry = delivery(1, approved=False, findings={"bsn_format": 4_321})
    content = content_of_delivery(entry, [entry], [FAULT], attached=[TABLE], contact=CONTACT, methodology=METHODOLOGY)
    assert "De eerste 1.000 van elke soort staan, met regel en kolom, ook in de bijlage." in content.steps[0]


def test_without_a_table_none_is_spoken_of() -> None:
    entry = delivery(1, approved=False, findings={"bsn_format": 3})
    content = content_of_delivery(entry, [entry], [FAULT], attached=[], contact=CONTACT, methodology=METHODOLOGY)
    assert "bijlage" not in as_text(content, "Beste Anna,")
