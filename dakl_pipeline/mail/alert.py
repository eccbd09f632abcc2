"""The texts of the mails to the analyst: about a failed run, and about a day of the calendar."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from dakl_pipeline.mail.content import MailContent
from dakl_pipeline.mail.wording import moment_in_zone
from dakl_pipeline.presentation.dutch import day as in_words
from dakl_pipeline.privacy.redaction import mask_line

Cause = Literal["missing", "refused", "unexpected", "stopped"]

_WHAT_HAPPENED: dict[Cause, str] = {
    "missing": "Er ontbreekt iets dat de run nodig heeft.",
    "refused": "De invoer, of wat eruit volgt, voldoet niet.",
    "unexpected": "Dit is een fout in het programma.",
    "stopped": "De run is van buitenaf gestopt, bijvoorbeeld door een herstart of te weinig geheugen.",
}
_WHAT_TO_DO: dict[Cause, str] = {
    "missing": "Leg klaar wat volgens de melding ontbreekt.",
    "refused": "Verhelp wat de melding noemt: herstel de invoer, of overleg met de leverancier.",
    "unexpected": "Geef de melding en het nummer van de run door aan de beheerder.",
    "stopped": "Gebeurt dit vaker, laat de beheerder dan in het logboek van de dienst dakl-code kijken.",
}
# Messages of the program are in English; the mail quotes them in this one place.
_MESSAGE = "Letterlijke melding"
_NO_MESSAGE = "geen melding: het proces van de run is gestopt"


@dataclass(frozen=True)
class FailedRun:
    """A run that failed.

    Attributes:
        run_id: Its id in Dagster.
        failed_at: When it ended.
        cause: The kind of failure.
        year: Its reporting year, if it has one.
        stage: The stage that failed; None if no stage did.
        message: The message of the run, free of personal data.
        attempt: Number of the attempt, from 1; None if unknown.
        next_attempt_at: When it is retried automatically; None if unknown.
    """

    run_id: str
    failed_at: datetime
    cause: Cause
    year: str | None = None
    stage: str | None = None
    message: str | None = None
    attempt: int | None = None
    next_attempt_at: datetime | None = None


def content_of_failed_run(run: FailedRun, *, time_zone: str) -> MailContent:
    """Return the content of the mail about a failed run, with what to do.

    Args:
        run: The run.
        time_zone: Time zone of the times shown.

    Returns:
        The content of the mail.
    """
    about = "" if run.year is None else f" van {run.year}"
    said = _NO_MESSAGE if run.message is None else mask_line(" ".join(run.message.split()))
    return MailContent(
        outcome="failed",
        subject=f"Mislukt: run{about}",
        headline=f"De run{about} is mislukt",
        paragraphs=(
            _WHAT_HAPPENED[run.cause],
            f"De laatste goede cijfers{about} blijven staan.",
            *_attempts(run, time_zone),
        ),
        steps=(_WHAT_TO_DO[run.cause], *_run_again(run)),
        groups=(),
        receipt=(
            ("Run", run.run_id),
            *([("Verslagjaar", run.year)] if run.year is not None else []),
            *([("Stap in Dagster", run.stage)] if run.stage is not None else []),
            ("Mislukt", moment_in_zone(run.failed_at, time_zone)),
            (_MESSAGE, said),
        ),
    )


def content_of_day(headline: str, to_do: str, day: date) -> MailContent:
    """Return the content of the reminder for a day of the calendar.

    Args:
        headline: What happens on the day.
        to_do: What to do.
        day: The day.

    Returns:
        The content of the mail.
    """
    return MailContent(
        outcome="reminder",
        subject=headline,
        headline=headline,
        paragraphs=(),
        steps=(to_do,),
        groups=(),
        receipt=(("Datum", in_words(day)),),
    )


def _attempts(run: FailedRun, time_zone: str) -> list[str]:
    said = [] if run.attempt is None else [f"Dit was poging {run.attempt}."]
    if run.next_attempt_at is not None:
        said.append(f"De volgende poging begint vanzelf op {moment_in_zone(run.next_attempt_at, time_zone)}.")
    return [" ".join(said)] if said else []


def _run_again(run: FailedRun) -> list[str]:
    if run.next_attempt_at is not None:
        return ["Is het eerder verholpen? Dan hoeft u niets te doen: de volgende poging maakt de cijfers."]
    if run.year is None:
        return ["Start de run daarna opnieuw."]
    return [f"Start het jaar daarna opnieuw: dakl run --year {run.year}, of in de Dagster UI."]
