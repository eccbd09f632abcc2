"""The mail about a failed run, for every way a run can fail."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from dakl_pipeline.mail.alert import Cause, FailedRun, content_of_failed_run
from dakl_pipeline.mail.message import compose_alert
from dakl_pipeline.mail.recipients import Recipient

RUN = FailedRun(
    run_id="6f1c2a34-8a51-4e0b-9d7e-2b7c5d3e1f00",
    failed_at=datetime(2025, 6, 1, 10, 30, tzinfo=UTC),
    cause="missing",
    year="2024",
    stage="person_register",
    message="there is no register persons for 2024: put it at registers/2024/persons.parquet",
)
ANALYST = Recipient("", "analist@cbs.internal")
CANARIES = ("823609571", "93485402", "8317460295", "8236.09.571")
PSEUDONYM = "0123456789abcdef" * 4


def _message(run: FailedRun) -> EmailMessage:
    content = content_of_failed_run(run, time_zone="Europe/Amsterdam")
    made = compose_alert(
        run.run_id,
        run.failed_at,
        content,
        to=(ANALYST,),
        sender="dakl@cbs.internal",
        reply_to="contact@cbs.internal",
    )
    return message_from_bytes(made.as_bytes(), EmailMessage, policy=SMTP)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def _text(run: FailedRun) -> str:
    """The text without its line breaks."""
    return " ".join(_part(_message(run), "plain").split())


def test_text_and_html_name_the_year_the_stage_the_message_and_the_run() -> None:
    message = _message(RUN)
    assert message["Subject"] == "Mislukt: run van 2024"
    assert message["To"] == ANALYST.email
    assert message["Date"] == "Sun, 01 Jun 2025 10:30:00 +0000"
    assert message["Message-ID"] == f"<{RUN.run_id}@cbs.internal>"
    for kind in ("plain", "html"):
        body = " ".join(_part(message, kind).split())
        for said in (RUN.run_id, "2024", RUN.stage, RUN.message, "1 juni 2025 om 12.30 uur", "blijven staan"):
            assert str(said) in body


def test_the_same_run_gives_the_same_bytes() -> None:
    assert _message(RUN).as_bytes() == _message(RUN).as_bytes()
    assert _message(RUN)["Message-ID"] != _message(replace(RUN, run_id="another"))["Message-ID"]


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ("missing", "Leg klaar wat volgens de melding ontbreekt."),
        ("refused", "Verhelp wat de melding noemt"),
        ("unexpected", "Dit is een fout in het programma."),
        ("stopped", "De run is van buitenaf gestopt"),
    ],
)
def test_each_cause_says_what_to_do(cause: Cause, said: str) -> None:
    text = _text(replace(RUN, cause=cause))
    assert said in text
    assert "dakl run --year 2024" in text


def test_a_run_without_year_stage_or_message() -> None:
    run = replace(RUN, cause="stopped", year=None, stage=None, message=None)
    assert _message(run)["Subject"] == "Mislukt: run"
    text = _text(run)
    assert "geen melding" in text
    assert "Start de run daarna opnieuw." in text
    assert "None" not in text
    assert "Verslagjaar" not in text


def test_a_run_that_is_tried_again_says_when_and_asks_for_nothing_else() -> None:
    run = replace(RUN, attempt=2, next_attempt_at=datetime(2025, 6, 1, 11, 30, tzinfo=UTC))
    text = _text(run)
    assert "Dit was poging 2. De volgende poging begint vanzelf op 1 juni 2025 om 13.30 uur" in text
    assert "dakl run" not in text


def test_an_attempt_without_a_next_one() -> None:
    text = _text(replace(RUN, attempt=5))
    assert "Dit was poging 5." in text
    assert "volgende poging" not in text
    assert "dakl run --year 2024" in text


@pytest.mark.parametrize("secret", [*CANARIES, PSEUDONYM])
def test_a_number_in_a_message_is_masked(secret: str) -> None:
    message = _message(replace(RUN, message=f"row of {secret}, {secret}"))
    for kind in ("plain", "html"):
        assert secret not in _part(message, kind)
        assert "row of ###" in " ".join(_part(message, kind).split())


def test_what_stands_in_a_message_does_not_work() -> None:
    message = _message(replace(RUN, message="<script>x</script>\r\nBcc: a@b.nl\x1b[31m"))
    assert "<script>" not in _part(message, "html")
    assert "<script>x</script> Bcc: a@b.nl?[31m" in _part(message, "plain")
    assert "Bcc" not in message
