"""The op-orde report as one validated object; its JSON is what programs may rely on.

Belongs here: the shape of the report. Does not belong here: how its numbers are made (``tables``), how findings are
compared (``comparison``) and how it looks (``html``, ``workbook``). Nothing here can hold a BSN or a V-number.
"""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from dakl_pipeline.intake.catalogue import Severity

Status = Literal["new", "present", "solved"]
DeliveryStatusNow = Literal["selected", "superseded", "withdrawn", "cancelled"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class DeliveryFacts(_Part):
    """Which delivery the figures are about.

    Attributes:
        delivery_id: Place in the delivery log.
        file_name: Name of the file as in the log.
        received_at: Time of receipt, on the Dutch clock.
    """

    delivery_id: str
    file_name: str
    received_at: AwareDatetime


class MunicipalityRow(_Part):
    """Registrations and different BSNs of one municipality code, as delivered."""

    gemeentecode: str
    gemeente: str
    registrations: int
    persons: int


class ShelterTypeRow(_Part):
    """Registrations and different BSNs of one type of shelter."""

    code: str
    type: str
    registrations: int
    persons: int


class MissingRow(_Part):
    """How much of a column is missing; ``missing`` and ``percentage`` are None when the column was not delivered."""

    column: str
    missing: int | None
    percentage: int | None


class DurationRow(_Part):
    """Registrations in one class of length of stay, or without a length that can be given."""

    category: str
    label: str
    registrations: int


class DuplicateRow(_Part):
    """A measure of duplicate records."""

    measure: str
    label: str
    registrations: int


class MonthRow(_Part):
    """Registrations that start in one month, or before or after the reporting year."""

    month: str
    label: str
    registrations: int


class Tables(_Part):
    """The five tables of the report, and the registrations per month for the picture."""

    municipality: tuple[MunicipalityRow, ...]
    shelter_type: tuple[ShelterTypeRow, ...]
    missing: tuple[MissingRow, ...]
    duration: tuple[DurationRow, ...]
    duplicates: tuple[DuplicateRow, ...]
    start_month: tuple[MonthRow, ...]


class Total(_Part):
    """The whole file.

    Attributes:
        registrations: Number of registrations.
        persons: Number of different BSNs as delivered, all missing ones together as one (assumption A9).
        bsn_missing: Registrations whose BSN is missing.
        bsn_fails_eleven_test: Registrations whose BSN fails the eleven test.
    """

    registrations: int
    persons: int
    bsn_missing: int
    bsn_fails_eleven_test: int

    @property
    def without_usable_bsn(self) -> int:
        """Registrations without a BSN by which a person can be counted."""
        return self.bsn_missing + self.bsn_fails_eleven_test


class DurationSummary(_Part):
    """Lengths of the stays that have ended, in days; None when there are none."""

    ended: int
    median_days: float | None
    mean_days: float | None


class Figures(_Part):
    """Every number about one delivery."""

    tables: Tables
    total: Total
    duration_summary: DurationSummary


class DeliveryFigures(Figures):
    """The numbers about one delivery, with which delivery it is."""

    delivery: DeliveryFacts


class ShownExplanation(_Part):
    """What the supplier said about a finding, and when it was recorded."""

    text: str
    recorded_at: AwareDatetime


class RuleFindings(_Part):
    """Everything that one rule says about one column, beside the previous approved delivery.

    Rows move between two deliveries, so a finding is recognised by its rule and column, not by its rows.

    Attributes:
        rule: Id in the rule catalogue.
        column: Delivered column, or None for the row as a whole.
        severity: ``warning`` or ``notice``.
        status: ``new``, ``present`` (still there) or ``solved``.
        title: Short name (Dutch).
        message: What is found (Dutch); when it differs from row to row, what must hold.
        action: What to do (Dutch).
        actor: Who does it.
        count: How often it is there; 0 when solved.
        previous_count: How often it was there in the previous approved delivery; None when there is no such delivery.
        rows: Line numbers (header = 1) of those that were kept: the first of the rule, whatever the column.
        row_messages: For each of the rows what is found there; empty when it is the same for all.
        explanation: The last explanation of the supplier, if any.
        asked_again: Why it is asked about again although it was explained; empty when it is not.
    """

    rule: str
    column: str | None
    severity: Severity
    status: Status
    title: str
    message: str
    action: str
    actor: str
    count: int
    previous_count: int | None
    rows: tuple[int, ...]
    row_messages: tuple[str, ...]
    explanation: ShownExplanation | None
    asked_again: str = ""

    @property
    def is_explained(self) -> bool:
        """Whether nothing more is asked about it."""
        return self.explanation is not None and not self.asked_again


class OpOrdeReport(DeliveryFigures):
    """The report on one approved delivery.

    Attributes:
        supplier: Who delivered.
        year: Reporting year.
        status: Whether the file counted when the report was made: ``selected``, ``superseded``, ``withdrawn`` or
            ``cancelled``.
        correct_until: Last day of the delivery window in which the file came; None when it came outside any.
        rules_version: Version of the rule catalogue by which both deliveries were looked at.
        previous: The same numbers of the previous approved delivery, if there is one.
        findings: What to look at, most urgent first, then what was explained, then what was solved.
        adults_only_note: Who counts in a year that counts adults only; empty in any other.
        files: Names of the files of the report.
    """

    supplier: str
    year: int
    status: DeliveryStatusNow
    correct_until: date | None
    rules_version: str
    previous: DeliveryFigures | None
    findings: tuple[RuleFindings, ...]
    adults_only_note: str = ""
    files: tuple[str, ...]
