"""The calendar of the rounds: reminders for the analyst, and the years to check every night."""

from dataclasses import dataclass
from datetime import date, timedelta

from dakl_pipeline.presentation.dutch import day as in_words
from dakl_pipeline.reference.methodology import Methodology
from dakl_pipeline.reference.rounds import DeliveryRound

# A reminder is still useful if the daemon was off on its day.
_STILL_OF_USE = timedelta(days=7)


@dataclass(frozen=True)
class Reminder:
    """A reminder about a day of the calendar.

    Attributes:
        key: Unique key; safe as a file name.
        day: The day.
        headline: What happens, in Dutch.
        to_do: What to do, in Dutch.
    """

    key: str
    day: date
    headline: str
    to_do: str


def reminders_due(methodology: Methodology, today: date) -> list[Reminder]:
    """Return the reminders of today and of the week before, oldest first.

    Args:
        methodology: Settings, for the rounds.
        today: Today's date in Dutch time.
    """
    everything = [reminder for each in methodology.rounds for reminder in _reminders(each)]
    due = [reminder for reminder in everything if today - _STILL_OF_USE <= reminder.day <= today]
    return sorted(due, key=lambda reminder: (reminder.day, reminder.key))


def years_in_collection_round(methodology: Methodology, today: date) -> list[int]:
    """Return the reporting years with a current round: from its first delivery day to its month of publication.

    Args:
        methodology: Settings, for the rounds.
        today: Today's date in Dutch time.
    """
    going_on = [r for r in methodology.rounds if r.delivery_start <= today and f"{today:%Y-%m}" <= r.publication_month]
    return sorted({year for each in going_on for year in each.reporting_years})


def _reminders(each: DeliveryRound) -> list[Reminder]:
    years = " en ".join(str(year) for year in each.reporting_years)
    about = f"ronde {each.round} ({years})"
    days = [
        (
            "delivery-opens",
            each.delivery_start,
            f"Aanlevering begint: {about}",
            "Vanaf vandaag worden bestanden aangenomen. Laat de Dagster-daemon aanstaan: correcties worden vanzelf "
            "opnieuw geteld.",
        ),
        (
            "delivery-closes",
            each.last_delivery_date,
            f"Laatste dag van aanlevering: {about}",
            "Kijk met `dakl deliveries` wie nog niets aanleverde. Vanaf morgen neemt `dakl deliver` alleen met "
            "--accept-late nog aan.",
        ),
        (
            "withdrawal-opens",
            each.withdrawal_start,
            f"Intrekken kan vanaf vandaag: {about}",
            f"Leveranciers kunnen tot en met {in_words(each.withdrawal_end)} een jaar intrekken.",
        ),
        (
            "withdrawal-closes",
            each.withdrawal_end,
            f"Laatste dag om in te trekken: {about}",
            "Vanaf morgen neemt `dakl withdraw` alleen met --accept-late nog aan.",
        ),
        (
            "processing-starts",
            each.processing_start,
            f"Verwerking begint: {about}",
            "Kijk met `dakl doctor` of alles klaarstaat, en met `dakl figures` naar de cijfers.",
        ),
    ]
    return [Reminder(f"round-{each.round}-{kind}", day, headline, to_do) for kind, day, headline, to_do in days]
