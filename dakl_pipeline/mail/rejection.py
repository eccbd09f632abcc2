"""The sentences in a mail about a rejected file that depend on the reason for the rejection."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dakl_pipeline.deliveries.log import Delivery
from dakl_pipeline.deliveries.rounds import (
    last_day_to_deliver,
    local_date,
    missed_delivery_window,
    next_round_to_deliver,
    rounds_of,
)
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE
from dakl_pipeline.intake.refusal import refusal_of
from dakl_pipeline.mail.groups import FindingGroup
from dakl_pipeline.presentation.dutch import day, number
from dakl_pipeline.reference.methodology import Methodology

_CHECK = "Controleer het verbeterde bestand eerst met het programma dakl check."
_NO_REASON = "Deze punten zijn niet de reden van de afkeuring. Kijk ernaar als u het bestand opnieuw aanlevert."
_ATTACHED = " Ze staan ook in de bijlage."


@dataclass(frozen=True)
class Rejection:
    """The sentences that depend on the reason for the rejection.

    Attributes:
        outcome: The first words of the subject.
        headline: The outcome in a few words.
        reasons: Reasons that the findings do not state.
        steps: What the reader can do now.
        note: Text before the findings; may be empty.
    """

    outcome: str
    headline: str
    reasons: tuple[str, ...]
    steps: tuple[str, ...]
    note: str


def rejection_of(
    delivery: Delivery,
    groups: Iterable[FindingGroup],
    *,
    attached: Sequence[str],
    contact: str,
    methodology: Methodology,
) -> Rejection:
    """Return why a file was rejected and what to do.

    Args:
        delivery: The entry of a rejected file.
        groups: The findings on it, without the finding on the window.
        attached: Names of the attachments.
        contact: Mail address of CBS.
        methodology: Settings, for the rounds.

    Returns:
        The sentences.
    """
    refusal, groups = refusal_of(delivery.findings), tuple(groups)
    mend = _mend([g for g in groups if g.severity == "error"], attached) if refusal.is_faulty else []
    what = "het verbeterde bestand" if refusal.is_faulty else "het bestand"
    if not refusal.is_outside_window:
        last = _last_day(delivery, methodology)
        again = f"Lever {what} opnieuw aan." + (f" Dat kan tot en met {last}." if last else "")
        return Rejection("Afgekeurd", "Uw bestand is afgekeurd", (), (*mend, again), "")
    when = _when(delivery, methodology)
    if refusal.is_faulty:
        headline = f"Uw bestand is afgekeurd en {when}" if when else "Uw bestand is afgekeurd"
    else:
        headline = f"Uw bestand is {when} en daarom afgekeurd" if when else "Uw bestand is afgekeurd"
    return Rejection(
        outcome=f"Afgekeurd, {when}" if when else "Afgekeurd",
        headline=headline,
        reasons=(
            _outside_window(delivery, methodology),
            *([] if refusal.is_faulty else ["Aan het bestand zelf hoeft u niets te verbeteren."]),
        ),
        steps=(*mend, *_later(delivery, what, is_late=when == _LATE, contact=contact, methodology=methodology)),
        note="" if refusal.is_faulty or not groups else _NO_REASON + (_ATTACHED if attached else ""),
    )


def _mend(faults: Sequence[FindingGroup], attached: Sequence[str]) -> list[str]:
    is_one = sum(fault.found for fault in faults) == 1
    has_rows = any(message.where for fault in faults for message in fault.messages)
    said = "Verbeter de fout hieronder." if is_one else "Verbeter de fouten hieronder."
    if faults and not has_rows:
        about = "de naam of het bestand als geheel, niet over losse regels."
        said += f" Die gaat over {about}" if is_one else f" Ze gaan over {about}"
    if attached:
        is_cut = any(fault.found > MAX_FINDINGS_PER_RULE for fault in faults)
        which = f"De eerste {number(MAX_FINDINGS_PER_RULE)} van elke soort staan" if is_cut else "Ze staan alle"
        said += (
            f" {'De fout staat' if is_one else which}{', met regel en kolom,' if has_rows else ''} ook in de bijlage."
        )
    return [said, _CHECK]


_LATE, _EARLY = "te laat", "te vroeg"


def _when(delivery: Delivery, methodology: Methodology) -> str:
    """Return whether a file outside the window was too late or too early; empty for a year without a round."""
    rounds = () if delivery.reporting_year is None else rounds_of(delivery.reporting_year, methodology)
    received = local_date(delivery.received_at, methodology)
    if not rounds:
        return ""
    return _LATE if any(each.last_delivery_date < received for each in rounds) else _EARLY


def _outside_window(delivery: Delivery, methodology: Methodology) -> str:
    year = delivery.reporting_year
    missed = None if year is None else missed_delivery_window(year, delivery.received_at, methodology)
    # The window is unknown if the rounds were changed after receipt.
    return f"Het kwam buiten de aanleverperiode van verslagjaar {year}{f' ({missed})' if missed else ''}."


def _later(delivery: Delivery, what: str, *, is_late: bool, contact: str, methodology: Methodology) -> list[str]:
    year, steps = delivery.reporting_year, []
    coming = None if year is None else next_round_to_deliver(year, delivery.received_at, methodology)
    if coming is not None:
        begin, end = day(coming.delivery_start), day(coming.last_delivery_date)
        steps.append(f"Lever {what} aan in de volgende aanleverperiode: van {begin} tot en met {end}.")
    if is_late or coming is None:
        steps.append(
            f"Moet {what} nu nog meetellen? Vraag dat eerst aan CBS: beantwoord deze mail, of schrijf naar {contact}. "
            "Zonder akkoord van CBS wordt ook een nieuw bestand afgekeurd."
        )
    return steps


def _last_day(delivery: Delivery, methodology: Methodology) -> str:
    year = delivery.reporting_year
    last = None if year is None else last_day_to_deliver(year, delivery.received_at, methodology)
    return day(last) if last else ""
