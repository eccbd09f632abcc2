"""What a mail about a log entry says.

Belongs here: the sentences, which depend on the entry and on the log as it was at that moment, so that the same entry
always gives the same mail. Does not belong here: how it looks (``rendering``) and who gets it (``message``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dakl_pipeline.dutch import counted, day
from dakl_pipeline.intake.findings import Finding
from dakl_pipeline.intake.log import Cancellation, Delivery, Entry, Withdrawal
from dakl_pipeline.intake.rounds import last_day_to_deliver, local_date
from dakl_pipeline.intake.selection import Standing, standings
from dakl_pipeline.mail.groups import FindingGroup, group_findings
from dakl_pipeline.mail.wording import listed, moment
from dakl_pipeline.redaction import mask_numbers
from dakl_pipeline.reference import Methodology

_WINDOW_RULE = "delivery_window"
_CHECK = "Controleer het verbeterde bestand eerst met het programma dakl check."
_LATE = "Het bestand kwam na de aanleverperiode; CBS heeft het toch geaccepteerd."
_LATE_WITHDRAWAL = "De intrekking kwam buiten de intrekkingsperiode; CBS heeft haar toch geaccepteerd."


@dataclass(frozen=True)
class Notice:
    """The content of one mail.

    Attributes:
        outcome: What it is about.
        subject: Subject line.
        headline: The outcome in a few words.
        paragraphs: What happened and what counts now.
        steps: What the reader can do now.
        groups: Findings by rule.
        receipt: Facts about it: labels with values.
    """

    outcome: Literal["approved", "rejected", "withdrawn", "cancelled", "failed", "reminder"]
    subject: str
    headline: str
    paragraphs: tuple[str, ...]
    steps: tuple[str, ...]
    groups: tuple[FindingGroup, ...]
    receipt: tuple[tuple[str, str], ...]


def notice_of_delivery(
    delivery: Delivery,
    log: Iterable[Entry],
    findings: Iterable[Finding],
    *,
    report: str,
    methodology: Methodology,
    explained: Mapping[str, date] | None = None,
) -> Notice:
    """Say what became of a delivered file.

    Args:
        delivery: The entry.
        log: The log; what came after the entry is left out.
        findings: What the check found.
        report: Where the op-orde report of an approved file is, or the list of faults of a rejected one.
        methodology: Settings, for the rounds.
        explained: When the supplier explained the findings of a rule, by rule.

    Returns:
        The content of the mail.
    """
    before = _log_of_supplier(delivery, log)
    groups = group_findings(delivery.findings, findings, year=delivery.reporting_year, explained=explained)
    file = f"{_file(delivery)}{_about(delivery)}"
    late = [] if delivery.late_reason is None else [_LATE]
    if delivery.approved:
        return Notice(
            outcome="approved",
            subject=f"bestand{_about(delivery)} goedgekeurd ({delivery.delivery_id})",
            headline="Uw bestand is goedgekeurd",
            paragraphs=(
                f"CBS heeft uw bestand {file} gelezen: "
                f"{counted(delivery.registrations, 'registratie', 'registraties')}.",
                what_counts(delivery, before, methodology),
                *late,
                *_same_content(delivery, before, methodology),
            ),
            steps=(
                f"Bekijk het op-orde-rapport: {report}. Daarin staan uw aantallen naast die van uw vorige aanlevering.",
                *(["Loop de bevindingen hieronder na."] if any(not g.explained_on for g in groups) else []),
                *_again(delivery, methodology, "Is er iets te verbeteren? Lever dan het hele bestand opnieuw aan"),
            ),
            groups=groups,
            receipt=_receipt(delivery, methodology),
        )
    is_closed = _WINDOW_RULE in delivery.findings
    is_faulty = set(delivery.findings) != {_WINDOW_RULE}
    return Notice(
        outcome="rejected",
        subject=f"bestand{_about(delivery)} afgekeurd ({delivery.delivery_id})",
        headline="Uw bestand is afgekeurd",
        paragraphs=(
            f"Uw hele bestand {file} is geweigerd. CBS verwerkt er niets van.",
            _what_counts_instead(delivery, before, methodology),
            *_same_content(delivery, before, methodology),
        ),
        steps=(
            *([f"Verbeter de fouten hieronder. Ze staan alle, met regel en kolom, in {report}."] if is_faulty else []),
            *([_CHECK] if is_faulty else []),
            *([] if is_closed else _again(delivery, methodology, "Lever het verbeterde bestand opnieuw aan")),
        ),
        groups=groups,
        receipt=_receipt(delivery, methodology),
    )


def notice_of_withdrawal(withdrawal: Withdrawal, log: Iterable[Entry], *, methodology: Methodology) -> Notice:
    """Confirm a withdrawal.

    Args:
        withdrawal: The entry.
        log: The log; what came after the entry is left out.
        methodology: Settings, for the rounds.

    Returns:
        The content of the mail.
    """
    year = withdrawal.reporting_year
    before = _log_of_supplier(withdrawal, log)
    later = _selected(before, methodology)
    taken_out = [s.delivery for s in standings(before, methodology) if isinstance(s.decided_by, Withdrawal)]
    return Notice(
        outcome="withdrawn",
        subject=f"intrekking van {year} bevestigd ({withdrawal.delivery_id})",
        headline=f"Uw intrekking van verslagjaar {year} is bevestigd",
        paragraphs=(
            f"U hebt verslagjaar {year} ingetrokken. CBS verwerkt en publiceert uw gegevens over dat jaar niet.",
            *([f"Dit geldt voor {listed([_name(d, methodology) for d in taken_out])}."] if taken_out else []),
            *([f"Uw {_name(later.delivery, methodology)} is van een latere ronde en telt wel mee."] if later else []),
            *([] if withdrawal.late_reason is None else [_LATE_WITHDRAWAL]),
        ),
        steps=(
            "Klopt dit niet? Neem dan contact op met CBS.",
            f"Een goedgekeurd bestand over {year} in een latere ronde telt weer mee.",
        ),
        groups=(),
        receipt=(
            ("Intrekking", withdrawal.delivery_id),
            ("Leverancier", withdrawal.supplier_id),
            ("Verslagjaar", str(year)),
            ("Ontvangen", moment(withdrawal.received_at, methodology.time_zone)),
        ),
    )


def notice_of_cancellation(cancellation: Cancellation, log: Iterable[Entry], *, methodology: Methodology) -> Notice:
    """Say that an entry was a mistake, and what counts instead.

    Args:
        cancellation: The entry.
        log: The log; what came after the entry is left out.
        methodology: Settings, for the rounds.

    Returns:
        The content of the mail.
    """
    before = _log_of_supplier(cancellation, log)
    cancelled = next(e for e in before if e.delivery_id == cancellation.cancels)
    is_file = isinstance(cancelled, Delivery)
    what = f"{'aanlevering' if is_file else 'intrekking'} {cancelled.delivery_id}"
    received = day(local_date(cancelled.received_at, methodology))
    selected, year = _selected(before, methodology), cancellation.reporting_year
    counts = [
        f"Voor verslagjaar {year} telt nu {_name(selected.delivery, methodology)} mee."
        if selected
        else f"Er telt nu geen bestand van u mee voor verslagjaar {year}."
    ]
    return Notice(
        outcome="cancelled",
        subject=f"{what} ongedaan gemaakt ({cancellation.delivery_id})",
        headline=f"Uw {'aanlevering' if is_file else 'intrekking'} is ongedaan gemaakt",
        paragraphs=(
            f"CBS heeft uw {what} van {received} ongedaan gemaakt. Die was bij vergissing vastgelegd en telt niet "
            "meer.",
            f"Reden: {cancellation.why}",
            *(counts if year is not None else []),
        ),
        steps=("Klopt dit niet? Neem dan contact op met CBS.",),
        groups=(),
        receipt=(
            ("Ongedaan gemaakt", cancelled.delivery_id),
            ("Vastgelegd als", cancellation.delivery_id),
            ("Leverancier", cancellation.supplier_id),
            *([("Verslagjaar", str(year))] if year is not None else []),
            ("Vastgelegd", moment(cancellation.recorded_at, methodology.time_zone)),
        ),
    )


def _log_of_supplier(entry: Entry, log: Iterable[Entry]) -> list[Entry]:
    """The entries of the same supplier and year, up to and including this one."""
    return [
        e
        for e in log
        if e.sequence <= entry.sequence
        and (e.supplier_id, e.reporting_year) == (entry.supplier_id, entry.reporting_year)
    ]


def what_counts(delivery: Delivery, log: Iterable[Entry], methodology: Methodology) -> str:
    """Whether an approved file counts, and what it takes the place of, in a sentence or two.

    Args:
        delivery: The entry of an approved file.
        log: The log; what came after the entry is left out.
        methodology: Settings, for the rounds.
    """
    year, before = delivery.reporting_year, _log_of_supplier(delivery, log)
    own = next(s for s in standings(before, methodology) if s.delivery.sequence == delivery.sequence)
    if isinstance(own.decided_by, Withdrawal):
        return (
            f"Het bestand telt niet mee: u hebt verslagjaar {year} in deze ronde ingetrokken "
            f"(intrekking {own.decided_by.delivery_id})."
        )
    if isinstance(own.decided_by, Delivery):
        return f"Het bestand telt niet mee: {_name(own.decided_by, methodology)} is later ontvangen en telt wel mee."
    replaced = _selected([e for e in before if e.sequence < delivery.sequence], methodology)
    if replaced is None:
        return f"Dit bestand telt nu mee voor verslagjaar {year}."
    return f"Dit bestand telt nu mee voor verslagjaar {year}. Het vervangt {_name(replaced.delivery, methodology)}."


def _what_counts_instead(delivery: Delivery, before: list[Entry], methodology: Methodology) -> str:
    if delivery.reporting_year is None:
        return "Uit de naam van het bestand blijkt niet over welk verslagjaar het gaat."
    selected = _selected(before, methodology)
    if selected is None:
        return f"Er telt nu geen bestand van u mee voor verslagjaar {delivery.reporting_year}."
    return f"Voor verslagjaar {delivery.reporting_year} blijft {_name(selected.delivery, methodology)} meetellen."


def _selected(entries: Iterable[Entry], methodology: Methodology) -> Standing | None:
    return next((s for s in standings(entries, methodology) if s.is_selected), None)


def _same_content(delivery: Delivery, before: list[Entry], methodology: Methodology) -> list[str]:
    earlier = [e for e in before if isinstance(e, Delivery) and e.delivery_id == delivery.same_content_as]
    return [
        f"Let op: de inhoud is precies gelijk aan die van {_name(e, methodology)}. Was dat niet de bedoeling, "
        "lever dan het goede bestand aan."
        for e in earlier
    ]


def _again(delivery: Delivery, methodology: Methodology, what: str) -> list[str]:
    year = delivery.reporting_year
    last = None if year is None else last_day_to_deliver(year, delivery.received_at, methodology)
    return [f"{what}. Dat kan tot en met {day(last)}." if last else f"{what}."]


def _receipt(delivery: Delivery, methodology: Methodology) -> tuple[tuple[str, str], ...]:
    return (
        ("Aanlevering", delivery.delivery_id),
        ("Leverancier", delivery.supplier_id),
        ("Bestand", _file(delivery)),
        ("Grootte", counted(delivery.size, "byte", "bytes")),
        ("SHA-256", delivery.sha256),
        ("Ontvangen", moment(delivery.received_at, methodology.time_zone)),
        ("Controleregels", f"versie {delivery.catalogue_version}"),
    )


def _name(delivery: Delivery, methodology: Methodology) -> str:
    received = day(local_date(delivery.received_at, methodology))
    return f"aanlevering {delivery.delivery_id} van {received}"


def _file(delivery: Delivery) -> str:
    """The name as delivered, without numbers of persons and without characters that are not to be seen."""
    return "".join(c if c.isprintable() else "?" for c in mask_numbers(delivery.file_name))


def _about(delivery: Delivery) -> str:
    return "" if delivery.reporting_year is None else f" over {delivery.reporting_year}"
