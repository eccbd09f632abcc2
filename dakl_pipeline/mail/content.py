"""The text of a mail about a log entry; layout belongs in ``rendering``.

The text depends only on the entry and the log up to it, so that the same entry always gives the same mail.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dakl_pipeline.deliveries.log import Cancellation, Delivery, Entry, Withdrawal, cancellations, order_of_receipt
from dakl_pipeline.deliveries.rounds import last_day_to_deliver, local_date
from dakl_pipeline.deliveries.selection import delivery_statuses
from dakl_pipeline.intake.findings import Finding
from dakl_pipeline.intake.refusal import WINDOW_RULE
from dakl_pipeline.mail.delivery_status import (
    log_of_supplier,
    name_of,
    same_content,
    selected_of,
    what_counts,
    what_counts_instead,
)
from dakl_pipeline.mail.groups import FindingGroup, group_findings
from dakl_pipeline.mail.rejection import rejection_of
from dakl_pipeline.mail.wording import moment_in_zone
from dakl_pipeline.presentation.dutch import day, listed, quantity
from dakl_pipeline.privacy.redaction import mask_line, mask_numbers
from dakl_pipeline.reference.methodology import Methodology

_AGAINST_EARLIER = 2
_LATE = "Het bestand kwam buiten de aanleverperiode; CBS heeft het toch geaccepteerd."
_LATE_WITHDRAWAL = "De intrekking kwam buiten de intrekkingsperiode; CBS heeft haar toch geaccepteerd."
_NO_REPORT = "Het op-orde-rapport kon niet worden bijgevoegd. Vraag het aan CBS: beantwoord deze mail."


@dataclass(frozen=True)
class MailContent:
    """The content of one mail.

    Attributes:
        outcome: The event that the mail is about.
        subject: Subject line: the outcome first, short enough for a phone.
        headline: The outcome in a few words.
        paragraphs: What happened and what counts now.
        steps: What the reader can do now.
        groups: Findings by rule.
        receipt: Facts: labels with values.
        diagnoses: Sentences that explain many findings at once; shown at the top.
        first: Findings that cast doubt on the whole file; shown at the top.
        note: Text before the findings; may be empty.
    """

    outcome: Literal["approved", "rejected", "withdrawn", "cancelled", "failed", "reminder"]
    subject: str
    headline: str
    paragraphs: tuple[str, ...]
    steps: tuple[str, ...]
    groups: tuple[FindingGroup, ...]
    receipt: tuple[tuple[str, str], ...]
    diagnoses: tuple[str, ...] = ()
    first: tuple[FindingGroup, ...] = ()
    note: str = ""

    @property
    def preview(self) -> str:
        """The preview that a mail program shows beside the subject: the most important sentence."""
        said = (m.text for group in self.first for m in group.messages)
        return next((text for text in (*said, *self.diagnoses, *self.paragraphs) if text), self.headline)


def content_of_delivery(
    delivery: Delivery,
    log: Iterable[Entry],
    findings: Iterable[Finding],
    *,
    attached: Sequence[str],
    contact: str,
    methodology: Methodology,
    organisation: str | None = None,
    explained: Mapping[str, date] | None = None,
    asked_again: Mapping[str, str] | None = None,
    diagnoses: Sequence[str] = (),
    reading: Sequence[str] = (),
) -> MailContent:
    """Return the content of the mail about a delivered file.

    Args:
        delivery: The entry.
        log: The log; entries after this one are ignored.
        findings: The findings of the check.
        attached: Names of the attachments: the op-orde report of an approved file, the table of a rejected one.
        contact: Mail address of CBS.
        methodology: Settings, for the rounds.
        organisation: The organisation that delivered; None if unknown, then the supplier id is used.
        explained: By rule, when the supplier explained its findings.
        asked_again: By rule, why CBS asks about explained findings again.
        diagnoses: Sentences that explain many findings at once.
        reading: Sentences on how many registrations were read and will count.

    Returns:
        The content of the mail.
    """
    whole_log = list(log)
    before = log_of_supplier(delivery, whole_log)
    # The time of receipt has its own sentences; it is no fault in the file.
    counts = {rule: count for rule, count in delivery.findings.items() if rule != WINDOW_RULE}
    groups = group_findings(
        counts, findings, year=delivery.reporting_year, explained=explained, asked_again=asked_again
    )
    first = tuple(g for g in groups if _is_about_the_file(g) and not g.explained_on)
    others = tuple(g for g in groups if g not in first)
    diagnoses = tuple(map(mask_numbers, diagnoses))
    received = moment_in_zone(delivery.received_at, methodology.time_zone)
    file = (
        f"Het bestand {_file(delivery)} van {_who(delivery, organisation)}{_about(delivery)}, ontvangen op {received}"
    )
    subject = f"bestand{_over(delivery)} ({delivery.delivery_id})"
    late = [] if delivery.late_reason is None else [_LATE]
    if delivery.approved:
        return MailContent(
            outcome="approved",
            subject=f"Goedgekeurd{', let op' if first or diagnoses else ''}: {subject}",
            headline="Uw bestand is goedgekeurd",
            paragraphs=(
                " ".join((f"{file}, is goedgekeurd.", *reading)),
                what_counts(delivery, before, methodology),
                *late,
                *same_content(delivery, before, methodology),
                *_first_of_supplier(delivery, whole_log),
            ),
            steps=(
                _report(delivery, before, attached),
                *(["Loop de bevindingen hieronder na."] if any(not g.explained_on for g in others) else []),
                _again(delivery, methodology),
            ),
            groups=others,
            receipt=_receipt(delivery, organisation, methodology),
            diagnoses=diagnoses,
            first=first,
        )
    rejection = rejection_of(delivery, groups, attached=attached, contact=contact, methodology=methodology)
    return MailContent(
        outcome="rejected",
        subject=f"{rejection.outcome}: {subject}",
        headline=rejection.headline,
        paragraphs=(
            f"{file}, is afgekeurd. Het hele bestand is geweigerd: CBS verwerkt er niets van.",
            *rejection.reasons,
            what_counts_instead(delivery, before, methodology),
            *same_content(delivery, before, methodology),
        ),
        steps=rejection.steps,
        groups=others,
        receipt=_receipt(delivery, organisation, methodology),
        diagnoses=diagnoses,
        first=first,
        note=rejection.note,
    )


def content_of_withdrawal(
    withdrawal: Withdrawal,
    log: Iterable[Entry],
    *,
    methodology: Methodology,
    organisation: str | None = None,
) -> MailContent:
    """Return the content of the mail that confirms a withdrawal.

    Args:
        withdrawal: The entry.
        log: The log; entries after this one are ignored.
        methodology: Settings, for the rounds.
        organisation: The organisation that withdrew; None if unknown, then the supplier id is used.

    Returns:
        The content of the mail.
    """
    year = withdrawal.reporting_year
    before = log_of_supplier(withdrawal, log)
    later = selected_of(before, methodology)
    taken_out = [s.delivery for s in delivery_statuses(before, methodology) if isinstance(s.superseded_by, Withdrawal)]
    return MailContent(
        outcome="withdrawn",
        subject=f"Ingetrokken: verslagjaar {year} ({withdrawal.delivery_id})",
        headline=f"Uw intrekking van verslagjaar {year} is bevestigd",
        paragraphs=(
            f"Verslagjaar {year} van {_who(withdrawal, organisation)} is ingetrokken op "
            f"{moment_in_zone(withdrawal.received_at, methodology.time_zone)}. CBS verwerkt en publiceert uw gegevens "
            "over dat jaar niet.",
            *([f"Dit geldt voor {listed([name_of(d, methodology) for d in taken_out])}."] if taken_out else []),
            *([f"Uw {name_of(later.delivery, methodology)} is van een latere ronde en telt wel mee."] if later else []),
            *([] if withdrawal.late_reason is None else [_LATE_WITHDRAWAL]),
        ),
        steps=(
            "Klopt dit niet? Neem dan contact op met CBS: beantwoord deze mail.",
            f"Een goedgekeurd bestand over {year} in een latere ronde telt weer mee.",
        ),
        groups=(),
        receipt=(
            ("Intrekking", withdrawal.delivery_id),
            *_supplier(withdrawal, organisation),
            ("Verslagjaar", str(year)),
            ("Ontvangen", moment_in_zone(withdrawal.received_at, methodology.time_zone)),
        ),
    )


def content_of_cancellation(
    cancellation: Cancellation, log: Iterable[Entry], *, methodology: Methodology, organisation: str | None = None
) -> MailContent:
    """Return the content of the mail about a cancellation, with what counts instead.

    Args:
        cancellation: The entry.
        log: The log; entries after this one are ignored.
        methodology: Settings, for the rounds.
        organisation: The organisation; None if unknown.

    Returns:
        The content of the mail.
    """
    before = log_of_supplier(cancellation, log)
    cancelled = next(e for e in before if e.delivery_id == cancellation.cancels)
    kind = "aanlevering" if isinstance(cancelled, Delivery) else "intrekking"
    what = f"{kind} {cancelled.delivery_id}"
    received = day(local_date(cancelled.received_at, methodology))
    selected, year = selected_of(before, methodology), cancellation.reporting_year
    counts = (
        f"Voor verslagjaar {year} telt nu {name_of(selected.delivery, methodology)} mee."
        if selected
        else f"Er telt nu geen bestand van u mee voor verslagjaar {year}."
    )
    return MailContent(
        outcome="cancelled",
        subject=f"Ongedaan gemaakt: {what} ({cancellation.delivery_id})",
        headline=f"Uw {kind} is ongedaan gemaakt",
        paragraphs=(
            f"CBS heeft uw {what} van {received} ongedaan gemaakt. Die was bij vergissing vastgelegd en telt niet mee.",
            f"Reden: {cancellation.why}",
            *((counts,) if year is not None else ()),
        ),
        steps=("Klopt dit niet? Neem dan contact op met CBS.",),
        groups=(),
        receipt=(
            ("Ongedaan gemaakt", cancelled.delivery_id),
            ("Vastgelegd als", cancellation.delivery_id),
            *_supplier(cancellation, organisation),
            *((("Verslagjaar", str(year)),) if year is not None else ()),
            ("Vastgelegd", moment_in_zone(cancellation.recorded_at, methodology.time_zone)),
        ),
    )


def _is_about_the_file(group: FindingGroup) -> bool:
    """Return whether a finding casts doubt on the whole file, not only on some lines."""
    is_whole = bool(group.messages) and not any(message.where for message in group.messages)
    return group.level == _AGAINST_EARLIER or (is_whole and group.severity == "warning")


def _first_of_supplier(delivery: Delivery, log: Iterable[Entry]) -> list[str]:
    """Ask to check a new supplier id, which may be misspelt; never name other suppliers to this one."""
    if any(e.supplier_id == delivery.supplier_id for e in _approved_before(delivery, log)):
        return []
    return [
        f"Dit is het eerste bestand dat CBS goedkeurt van leverancier {delivery.supplier_id}. Is dat niet de naam "
        "waaronder uw organisatie aanlevert, laat het CBS dan weten."
    ]


def _approved_before(delivery: Delivery, log: Iterable[Entry]) -> list[Delivery]:
    """Return the approved files logged before this one and not cancelled by then."""
    before = [e for e in log if e.sequence < delivery.sequence]
    cancelled = cancellations(before)
    return [e for e in before if isinstance(e, Delivery) and e.approved and e.delivery_id not in cancelled]


def _again(delivery: Delivery, methodology: Methodology) -> str:
    year = delivery.reporting_year
    last = None if year is None else last_day_to_deliver(year, delivery.received_at, methodology)
    if last is None:
        return "Is er iets te verbeteren? Overleg eerst met CBS, want de aanleverperiode is niet open."
    return f"Is er iets te verbeteren? Lever dan het hele bestand opnieuw aan. Dat kan tot en met {day(last)}."


def _report(delivery: Delivery, before: list[Entry], attached: Sequence[str]) -> str:
    if not attached:
        return _NO_REPORT
    place = order_of_receipt(delivery)
    has_earlier = any(order_of_receipt(e) < place for e in _approved_before(delivery, before))
    beside = ", naast die van uw vorige aanlevering" if has_earlier else ""
    return f"Bekijk het op-orde-rapport in de bijlage. Daarin staan uw aantallen{beside}, en alle bevindingen."


def _receipt(delivery: Delivery, organisation: str | None, methodology: Methodology) -> tuple[tuple[str, str], ...]:
    return (
        ("Aanlevering", delivery.delivery_id),
        *_supplier(delivery, organisation),
        ("Bestand", _file(delivery)),
        ("Grootte", quantity(delivery.size, "byte", "bytes")),
        ("Controlegetal (SHA-256)", delivery.sha256),
        ("Ontvangen", moment_in_zone(delivery.received_at, methodology.time_zone)),
        ("Controleregels", f"versie {delivery.catalogue_version}"),
    )


def _supplier(entry: Entry, organisation: str | None) -> list[tuple[str, str]]:
    known = [] if organisation is None else [("Organisatie", organisation)]
    return [*known, ("Leverancier", entry.supplier_id)]


def _who(entry: Entry, organisation: str | None) -> str:
    return organisation or f"leverancier {entry.supplier_id}"


def _file(delivery: Delivery) -> str:
    """Return the delivered name, with numbers of persons and unprintable characters masked."""
    return mask_line(delivery.file_name)


def _about(delivery: Delivery) -> str:
    return "" if delivery.reporting_year is None else f" over verslagjaar {delivery.reporting_year}"


def _over(delivery: Delivery) -> str:
    return "" if delivery.reporting_year is None else f" over {delivery.reporting_year}"
