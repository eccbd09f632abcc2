"""Reasons to doubt a file, and causes that explain many faults at once, come before anything else."""

import re
from datetime import date

import pytest

from dakl_pipeline.intake import catalogue as catalogues
from dakl_pipeline.intake.catalogue import Rule
from dakl_pipeline.intake.findings import Finding
from dakl_pipeline.mail import groups
from dakl_pipeline.mail.content import MailContent, content_of_delivery
from dakl_pipeline.mail.rendering import as_html, as_text
from tests.support.mail_entries import METHODOLOGY, delivery

FEWER = Rule(
    id="fewer_rows_of_a_test",
    level=2,
    severity="warning",
    tests="het bestand is niet veel kleiner dan het vorige",
    title="Veel kleiner dan uw vorige bestand",
    message="Dit bestand heeft {found} registraties, uw vorige had er {expected}.",
    action="Controleer of het bestand volledig is.",
    actor="leverancier",
    source="a test",
)
SAID = "Dit bestand heeft 1 registraties, uw vorige had er 107."
DIAGNOSIS = "Alle datums staan als DD-MM-JJJJ: verander de notatie van de cellen."
GREETING = "Beste Anna,"


@pytest.fixture
def _rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue with a rule of level 2."""
    known = catalogues.catalogue()
    catalogue = known.model_copy(update={"rule": (*known.rule, FEWER)})
    monkeypatch.setattr(groups, "catalogue", lambda: catalogue)


def _content_of(*, explained: bool = False, diagnoses: tuple[str, ...] = (), approved: bool = True) -> MailContent:
    rule = FEWER.id if approved else "bsn_format"
    counts = {rule: 1, "bsn_missing" if approved else "date_format": 2}
    entry = delivery(1, findings=counts, approved=approved)
    found = Finding(rule=FEWER.id, severity="warning", row=None, column=None, message=SAID)
    return content_of_delivery(
        entry,
        [entry],
        [found],
        attached=["x.html"],
        contact="monitor@cbs.example",
        methodology=METHODOLOGY,
        explained={FEWER.id: date(2025, 5, 1)} if explained else {},
        diagnoses=diagnoses,
    )


def _printed(content: MailContent) -> list[str]:
    page = re.sub("<style>.*</style>", "", as_html(content, GREETING), flags=re.DOTALL)
    page = page[page.index("<h1") :]
    return [" ".join(re.sub("<[^>]*>", " ", text).split()) for text in (page, as_text(content, GREETING))]


@pytest.mark.usefixtures("_rule")
def test_a_finding_against_an_earlier_file_comes_first_and_once() -> None:
    content = _content_of()
    assert content.subject == "Goedgekeurd, let op: bestand over 2024 (000001)"
    assert content.preview == SAID
    for text in _printed(content):
        assert text.upper().startswith("UW BESTAND IS GOEDGEKEURD BESTE ANNA, EERST DIT")
        assert text.index(SAID) < text.index("Controleer of het bestand volledig is.") < text.index("Het bestand DAKL")
        assert text.count(SAID) == 1
        assert text.index("Bevindingen") < text.index("Geen BSN en geen V-nummer")


@pytest.mark.usefixtures("_rule")
def test_what_was_explained_is_no_longer_first() -> None:
    content = _content_of(explained=True)
    assert content.subject.startswith("Goedgekeurd: ")
    for text in _printed(content):
        assert "Eerst dit" not in text
        assert text.index("Bevindingen") < text.index(SAID)
        assert "waarschuwing, 1 keer, toegelicht" in text


@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.usefixtures("_rule")
def test_a_diagnosis_comes_before_the_rows(approved: bool) -> None:
    content = _content_of(diagnoses=(DIAGNOSIS, "Er staat 123456782 in de kopregel."), approved=approved)
    for text in _printed(content):
        assert text.index("Eerst dit") < text.index(DIAGNOSIS) < text.index("Het bestand DAKL")
        assert "Er staat ######### in de kopregel." in text
    if not approved:
        assert content.preview == DIAGNOSIS


def test_without_them_nothing_is_first() -> None:
    entry = delivery(1, findings={"bsn_missing": 2})
    content = content_of_delivery(entry, [entry], [], attached=[], contact="a@b.nl", methodology=METHODOLOGY)
    assert (content.first, content.diagnoses) == ((), ())
    assert all("Eerst dit" not in text.replace("EERST", "Eerst") for text in _printed(content))
