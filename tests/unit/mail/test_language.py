"""Every kind of mail is in Dutch, with Dutch times, and without names that only the program knows."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dakl_pipeline.deliveries.log import Delivery
from dakl_pipeline.intake.catalogue import Rule, catalogue
from dakl_pipeline.mail.alert import Cause, FailedRun, content_of_day, content_of_failed_run
from dakl_pipeline.mail.content import MailContent, content_of_delivery, content_of_withdrawal
from dakl_pipeline.mail.recipients import Recipient, greeting_of
from dakl_pipeline.mail.rendering import as_html, as_text
from dakl_pipeline.operation.calendar import reminders_due
from tests.support.mail_entries import METHODOLOGY, delivery, withdrawal

ZONE = METHODOLOGY.time_zone
CAUSES: tuple[Cause, ...] = ("missing", "refused", "unexpected", "stopped")
LATE, EARLY = "2025-08-01T10:30:05", "2025-02-01T10:30:05"
RULES = {
    kind: {r.id: 2 for r in catalogue().rule if (r.severity == "error") is (kind == "error")}
    for kind in ("error", "other")
}
WARNINGS = {**RULES["other"], "delivery_window": 1}

# Frequent words, and words of this project, that are not Dutch.
ENGLISH = re.compile(
    r"\b(the|and|not|with|from|this|that|are|were|has|have|been|for|to|by|or|no|all|file|files|row|rows|line|lines|"
    r"rejected|approved|delivery|delivered|withdrawn|withdrawal|warning|notice|error|report|received|supplier|year|"
    r"unknown|outside|sent|failed|failure|missing|fault|faults|check|window|organisation|january|february|march|may|"
    r"june|july|october|utc|gmt|none|true|false|null|nan)\b",
    re.IGNORECASE,
)
CLOCKS = re.compile(r"\bUTC\b|[+-]\d\d:\d\d|\d:\d\d|\d{4}-\d\d-\d\d|\d{4}-\d\d-\d\dT")
# Literal text: commands, the names of steps in Dagster, and the format of a date in a file.
TYPED = re.compile(r"`[^`]*`|dakl check|dakl run --year \d+|dakl-code|--accept-late|person_register|2024-(12-31|31-12)")


def _deliveries() -> Iterator[tuple[str, Delivery]]:
    yield "approved", delivery(12)
    yield "with everything to look at", delivery(12, findings=RULES["other"])
    yield "late and accepted", delivery(12, late="na overleg", received=LATE)
    yield "the same again", delivery(12, same_as="000011")
    yield "every fault", delivery(12, approved=False, findings=RULES["error"])
    for when, received in (("late", LATE), ("early", EARLY)):
        yield f"only {when}", delivery(12, approved=False, findings={"delivery_window": 1}, received=received)
        yield f"{when} with notices", delivery(12, approved=False, findings=WARNINGS, received=received)
        yield f"{when} and wrong", delivery(12, approved=False, findings=RULES["error"], received=received)
    yield "no year", delivery(12, approved=False, year=None)


def _notices() -> Iterator[tuple[str, MailContent]]:
    for name, entry in _deliveries():
        for organisation in (None, "Stichting Opvang"):
            for attached in ([], ["bijlage.html"]):
                about = f"{name}, {organisation}, {len(attached)}"
                yield (
                    about,
                    content_of_delivery(
                        entry,
                        [delivery(11), entry],
                        [],
                        attached=attached,
                        contact="a@cbs.nl",
                        methodology=METHODOLOGY,
                        organisation=organisation,
                        explained={"bsn_missing": date(2025, 5, 1)},
                    ),
                )
    for late in (None, "post"):
        taken_back = withdrawal(13, late=late)
        content = content_of_withdrawal(taken_back, [delivery(11), taken_back], methodology=METHODOLOGY)
        yield f"withdrawn {late}", content
    run = FailedRun("6f1c2a34", datetime(2025, 5, 12, 10, 30, tzinfo=UTC), "missing")
    for cause in CAUSES:
        full = replace(run, cause=cause, year="2024", stage="person_register", attempt=2, next_attempt_at=run.failed_at)
        yield f"bare {cause}", content_of_failed_run(replace(run, cause=cause), time_zone=ZONE)
        yield f"full {cause}", content_of_failed_run(full, time_zone=ZONE)
    day = min(each.delivery_start for each in METHODOLOGY.rounds)
    reminders = {r.key: r for n in range(0, 1_000, 7) for r in reminders_due(METHODOLOGY, day + timedelta(days=n))}
    for key, reminder in reminders.items():
        yield key, content_of_day(reminder.headline, reminder.to_do, reminder.day)


NOTICES = dict(_notices())


@pytest.mark.parametrize("content", NOTICES.values(), ids=NOTICES)
def test_one_language_and_one_clock(content: MailContent) -> None:
    greeting = greeting_of([Recipient("Anna de Vriès", "anna@opvang.internal")])
    page = re.sub("<(style|title).*?</.*?>|<[^>]*>", " ", as_html(content, greeting), flags=re.DOTALL)
    for text in (as_text(content, greeting), page, content.subject, content.preview):
        said = TYPED.sub(" ", text)
        assert ENGLISH.findall(said) == []
        assert CLOCKS.findall(said) == []
        assert [rule.id for rule in catalogue().rule if "_" in rule.id and rule.id in said] == []


def test_the_kinds_are_all_there() -> None:
    assert {content.outcome for content in NOTICES.values()} == {
        "approved",
        "rejected",
        "withdrawn",
        "failed",
        "reminder",
    }
    assert sum(name.startswith("round-") for name in NOTICES) == 5 * len(METHODOLOGY.rounds)


@pytest.mark.parametrize(
    ("received", "said"),
    [
        ("2025-05-12T22:30:00", "ontvangen op 13 mei 2025 om 00.30 uur"),
        ("2025-05-12T12:30:59", "ontvangen op 12 mei 2025 om 14.30 uur"),
        ("2024-03-31T00:59:00", "ontvangen op 31 maart 2024 om 01.59 uur"),
        ("2024-03-31T01:00:00", "ontvangen op 31 maart 2024 om 03.00 uur"),
    ],
)
def test_the_clock_is_the_dutch_one(received: str, said: str) -> None:
    entry = delivery(1, received=received)
    content = content_of_delivery(entry, [entry], [], attached=[], contact="a@b.nl", methodology=METHODOLOGY)
    assert said in content.paragraphs[0]
    assert dict(content.receipt)["Ontvangen"] == said.removeprefix("ontvangen op ")


@pytest.mark.parametrize("rule", catalogue().rule, ids=lambda rule: rule.id)
def test_the_texts_of_a_rule_are_dutch(rule: Rule) -> None:
    for text in (rule.title, rule.message, rule.action):
        assert ENGLISH.findall(re.sub("{[^}]*}", " ", text)) == []
