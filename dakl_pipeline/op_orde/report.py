"""The op-orde report as one validated object; programs may rely on its JSON.

No field can contain a BSN or a V-number.
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
    """The delivery that the figures are about.

    Attributes:
        delivery_id: Place in the delivery log.
        file_name: Name of the file, as in the log.
        received_at: Time of receipt, in Dutch time.
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
    """Missing values in a column; ``missing`` and ``percentage`` are None if the column was not delivered."""

    column: str
    missing: int | None
    percentage: int | None


class DurationRow(_Part):
    """Registrations in one class of length of stay, or with an unknown length."""

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
    """The five tables of the report, and the registrations per month for the chart."""

    municipality: tuple[MunicipalityRow, ...]
    shelter_type: tuple[ShelterTypeRow, ...]
    missing: tuple[MissingRow, ...]
    duration: tuple[DurationRow, ...]
    duplicates: tuple[DuplicateRow, ...]
    start_month: tuple[MonthRow, ...]


class Total(_Part):
    """Totals of the whole file.

    Attributes:
        registrations: Number of registrations.
        persons: Number of different BSNs as delivered, all missing ones together counted as one (assumption A9).
        bsn_missing: Registrations whose BSN is missing.
        bsn_fails_eleven_test: Registrations whose BSN fails the eleven test.
    """

    registrations: int
    persons: int
    bsn_missing: int
    bsn_fails_eleven_test: int

    @property
    def without_usable_bsn(self) -> int:
        """Number of registrations without a usable BSN."""
        return self.bsn_missing + self.bsn_fails_eleven_test


class DurationSummary(_Part):
    """Lengths of the ended stays, in days; None if there are none."""

    ended: int
    median_days: float | None
    mean_days: float | None


class Figures(_Part):
    """All numbers about one delivery."""

    tables: Tables
    total: Total
    duration_summary: DurationSummary


class DeliveryFigures(Figures):
    """All numbers about one delivery, with the delivery itself."""

    delivery: DeliveryFacts


class ShownExplanation(_Part):
    """The supplier's explanation of a finding, and when it was recorded."""

    text: str
    recorded_at: AwareDatetime


class RuleFindings(_Part):
    """All findings of one rule in one column, compared with the previous approved delivery.

    Rows move between deliveries, so a finding is recognised by its rule and column, not by its rows.

    Attributes:
        rule: Id in the rule catalogue.
        column: Delivered column, or None for the whole row.
        severity: ``warning`` or ``notice``.
        status: ``new``, ``present`` (still there) or ``solved``.
        title: Short name (Dutch).
        message: Text of the finding (Dutch); if it differs between rows, the condition that must hold.
        action: What to do (Dutch).
        actor: Who does it.
        count: Number of findings; 0 when solved.
        previous_count: Number of findings in the previous approved delivery; None if there is no such delivery.
        rows: Line numbers (header = 1) of the findings that were kept: the first of the rule, over all columns.
        row_messages: The text for each of the rows; empty if it is the same for all.
        explanation: The last explanation of the supplier, if any.
        asked_again: Why CBS asks about it again although it was explained; empty if it does not.
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
        """Whether it is explained and CBS asks nothing more about it."""
        return self.explanation is not None and not self.asked_again


class OpOrdeReport(DeliveryFigures):
    """The report on one approved delivery.

    Attributes:
        supplier: Supplier that delivered the file.
        year: Reporting year.
        status: Status of the file when the report was made: ``selected``, ``superseded``, ``withdrawn`` or
            ``cancelled``.
        correct_until: Last day of the delivery window in which the file was received; None if outside any window.
        rules_version: Version of the rule catalogue with which both deliveries were checked.
        previous: The same numbers of the previous approved delivery, if there is one.
        findings: Open findings, most urgent first, then explained ones, then solved ones.
        adults_only_note: Who counts in a year that counts adults only; empty in other years.
        files: Names of the report files.
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
