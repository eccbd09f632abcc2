"""The op-orde reports of a home: made from the kept files, written atomically.

``reports/2024/<supplier>/000012-op-orde.html``, ``.xlsx`` and ``.json``. A report is derived only from the delivery log
and the explanations, so it can be made again at any time: a crash between logging and writing does no harm.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dakl_pipeline.deliveries.log import Cancellation, Delivery, Entry, Withdrawal, cancellations, order_of_receipt
from dakl_pipeline.deliveries.rounds import last_day_to_deliver, local_date
from dakl_pipeline.deliveries.selection import delivery_statuses
from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.intake.catalogue import catalogue
from dakl_pipeline.intake.check import Verdict, check_delivery
from dakl_pipeline.intake.findings import weights
from dakl_pipeline.intake.population import adults_only_note
from dakl_pipeline.intake.registrations import read_registrations
from dakl_pipeline.op_orde.comparison import compare_findings
from dakl_pipeline.op_orde.explanations import latest_by_rule, with_counts
from dakl_pipeline.op_orde.html import to_html
from dakl_pipeline.op_orde.report import DeliveryFacts, DeliveryFigures, DeliveryStatusNow, OpOrdeReport
from dakl_pipeline.op_orde.tables import count_figures
from dakl_pipeline.op_orde.workbook import to_xlsx
from dakl_pipeline.reference.methodology import Methodology
from resources.config.home import Home
from resources.storage.delivery_store import DeliveryStore
from resources.storage.explanation_store import ExplanationStore
from resources.storage.files import write_atomically
from resources.workflows.compare import Comparer


@dataclass(frozen=True)
class WrittenReport:
    """A report with its files.

    Attributes:
        report: The report.
        paths: Its files: HTML, Excel, JSON.
    """

    report: OpOrdeReport
    paths: tuple[Path, ...]


class NoReport(Refused):
    """There can be no report on an approved file: a file that it needs does not pass the current rules."""


class ReportStore:
    """The reports of one home.

    Args:
        home: The home.
        methodology: Settings of the statistic.
        deliveries: The delivery log.
        explanations: The explanations of suppliers.
    """

    def __init__(
        self, home: Home, methodology: Methodology, deliveries: DeliveryStore, explanations: ExplanationStore
    ) -> None:
        self._home = home
        self._methodology = methodology
        self._deliveries = deliveries
        self._comparer = Comparer(deliveries, methodology)
        self._explanations = explanations

    def has_report(self, supplier_id: str, year: int) -> bool:
        """Whether a supplier has an approved delivery of a year, and so a report."""
        return bool(self._approved(supplier_id, year))

    def found_in_latest(self, supplier_id: str, year: int) -> dict[str, int]:
        """How much each rule finds in the most recent approved delivery of a supplier and year, which must exist.

        Raises:
            Refused: If its file is missing or was changed after receipt.
        """
        _, verdict = self._looked_at(self._approved(supplier_id, year)[-1], year)
        return weights(verdict.counts_by_rule(), verdict.findings)

    def write_latest(self, supplier_id: str, year: int) -> WrittenReport:
        """Make the report on the most recent approved delivery of a supplier and year.

        Raises:
            Missing: If there is none.
            Refused: If a file it needs is missing or was changed after receipt.
        """
        approved = self._approved(supplier_id, year)
        if not approved:
            raise Missing(f"{supplier_id} has no approved file of {year}, so there is no report: see `dakl deliveries`")
        return self._write(approved)

    def as_delivered(
        self, delivery: Delivery, log: Iterable[Entry], *, names: tuple[str, ...], verdict: Verdict
    ) -> tuple[bytes, bytes]:
        """The report on an approved delivery as of the time of logging, whenever it is made.

        Args:
            delivery: An approved entry of the log.
            log: The log, at least up to the entry.
            names: File names that the report states for itself.
            verdict: The verdict on its file.

        Returns:
            The page and the workbook.

        Raises:
            NoReport: If a file it needs does not pass the current rules.
            Refused: If a file it needs is missing or was changed after receipt.
        """
        of_then = [entry for entry in log if entry.sequence <= delivery.sequence]
        approved = _approved_before(delivery, of_then)
        report = self._report(approved, names, log=of_then, until=delivery.recorded_at, verdict=verdict)
        return to_html(report), to_xlsx(report)

    def write(self, delivery: Delivery) -> WrittenReport:
        """Make the report on one approved delivery.

        Args:
            delivery: An approved entry of the log.

        Raises:
            Refused: If a file it needs is missing or was changed after receipt.
        """
        return self._write(_approved_before(delivery, self._deliveries.entries()))

    def _approved(self, supplier_id: str, year: int) -> list[Delivery]:
        """The approved deliveries of a supplier and year that were not cancelled, in order of receipt."""
        return _approved_of(supplier_id, year, self._deliveries.entries())

    def _write(self, approved: list[Delivery]) -> WrittenReport:
        delivery = approved[-1]
        folder = self._home.reports / str(delivery.reporting_year) / delivery.supplier_id
        stem = f"{delivery.delivery_id}-op-orde"
        paths = tuple(folder / f"{stem}.{ending}" for ending in ("html", "xlsx", "json"))
        report = self._report(approved, tuple(path.name for path in paths), log=self._deliveries.entries())
        contents = (to_html(report), to_xlsx(report), (report.model_dump_json(indent=2) + "\n").encode("utf-8"))
        for path, content in zip(paths, contents, strict=True):
            write_atomically(path, content)
        return WrittenReport(report, paths)

    def _report(
        self,
        approved: list[Delivery],
        files: tuple[str, ...],
        *,
        log: list[Entry],
        until: datetime | None = None,
        verdict: Verdict | None = None,
    ) -> OpOrdeReport:
        delivery = approved[-1]
        year = delivery.reporting_year
        assert year is not None  # an approved file has a year
        figures, verdict = self._looked_at(delivery, year, verdict)
        previous, earlier = self._looked_at(approved[-2], year) if len(approved) > 1 else (None, None)
        explanations = [
            explanation.model_copy(update={"recorded_at": self._local(explanation.recorded_at)})
            for explanation in self._explanations.explanations(delivery.supplier_id, year)
            if until is None or explanation.recorded_at <= until
        ]
        return OpOrdeReport(
            **dict(figures),
            supplier=delivery.supplier_id,
            year=year,
            status=self._status(delivery, log),
            correct_until=last_day_to_deliver(year, delivery.received_at, self._methodology),
            rules_version=catalogue().version,
            previous=previous,
            findings=compare_findings(
                verdict,
                earlier,
                latest_by_rule(with_counts(explanations, log)),
                year=year,
                growth_allowed=self._methodology.explained_growth_allowed,
            ),
            adults_only_note=adults_only_note(year, self._methodology),
            files=files,
        )

    def _looked_at(
        self, delivery: Delivery, year: int, verdict: Verdict | None = None
    ) -> tuple[DeliveryFigures, Verdict]:
        """The figures and the verdict of one kept file, by the current rules."""
        with self._deliveries.open_verified(delivery) as file:
            if verdict is None:
                today = local_date(delivery.received_at, self._methodology)
                verdict = check_delivery(
                    file, delivery.file_name, methodology=self._methodology, today=today, reporting_year=year
                )
                # A given verdict already includes the comparison.
                verdict = verdict.with_findings_first(self._comparer.again(delivery) if verdict.approved else ())
            if not verdict.approved or verdict.columns is None:
                raise NoReport(
                    f"delivery {delivery.delivery_id} was approved by older rules and does not pass the current ones: "
                    "there is no report until its supplier delivers again"
                )
            file.seek(0)
            registrations = read_registrations(file, year, methodology=self._methodology)
        figures = count_figures(registrations, year=year, column_set=verdict.columns)
        facts = DeliveryFacts(
            delivery_id=delivery.delivery_id,
            file_name=delivery.file_name,
            received_at=self._local(delivery.received_at),
        )
        return DeliveryFigures(**dict(figures), delivery=facts), verdict

    def _local(self, at: datetime) -> datetime:
        """A time in the Dutch time zone, for the coordinator."""
        return at.astimezone(ZoneInfo(self._methodology.time_zone))

    def _status(self, delivery: Delivery, log: list[Entry]) -> DeliveryStatusNow:
        statuses = delivery_statuses(log, self._methodology)
        status = next(s for s in statuses if s.delivery.sequence == delivery.sequence)
        if status.is_selected:
            return "selected"
        if isinstance(status.superseded_by, Cancellation):
            return "cancelled"
        return "withdrawn" if isinstance(status.superseded_by, Withdrawal) else "superseded"


def _approved_of(supplier_id: str, year: int, log: Iterable[Entry]) -> list[Delivery]:
    entries = list(log)
    cancelled = cancellations(entries)
    found = [
        entry
        for entry in entries
        if isinstance(entry, Delivery)
        and entry.approved
        and entry.delivery_id not in cancelled
        and (entry.supplier_id, entry.reporting_year) == (supplier_id, year)
    ]
    return sorted(found, key=order_of_receipt)


def _approved_before(delivery: Delivery, log: Iterable[Entry]) -> list[Delivery]:
    """The approved deliveries of a supplier and year up to one of them, in order of receipt."""
    assert delivery.reporting_year is not None  # an approved file has a year
    place = order_of_receipt(delivery)
    return [d for d in _approved_of(delivery.supplier_id, delivery.reporting_year, log) if order_of_receipt(d) <= place]
