"""An opened home: its settings and stores, each made once, on first use."""

from functools import cached_property
from typing import TYPE_CHECKING

from resources.config.home import Home

if TYPE_CHECKING:
    from dakl_pipeline.reference.methodology import Methodology
    from resources.mail.settings import MailSettings
    from resources.storage.audit_store import AuditStore
    from resources.storage.delivery_store import DeliveryStore
    from resources.storage.explanation_store import ExplanationStore
    from resources.storage.history_store import HistoryStore
    from resources.storage.received_file import Intake
    from resources.storage.register_store import RegisterStore
    from resources.storage.stage_store import StageStore
    from resources.storage.warehouse import Warehouse
    from resources.workflows.supplier_mail import Mailbox
    from resources.workflows.write_report import ReportStore
    from resources.workflows.year_status import YearMonitor


class OpenedHome:
    """A home with its settings and stores. Code that a command does not use is not imported.

    Args:
        home: An existing home.
        methodology: Settings of the statistic; those of the home when None.
    """

    def __init__(self, home: Home, methodology: "Methodology | None" = None) -> None:
        self.home = home
        if methodology is not None:
            self.methodology = methodology

    @cached_property
    def methodology(self) -> "Methodology":
        """Settings of the statistic.

        Raises:
            Refused: If they are invalid.
        """
        from resources.config.settings import load_methodology

        return load_methodology(self.home)

    @cached_property
    def mail_settings(self) -> "MailSettings":
        """Addresses and mail server, from the environment.

        Raises:
            WrongUsage: If they are invalid.
        """
        from resources.mail.settings import load_mail_settings

        return load_mail_settings()

    @cached_property
    def audit(self) -> "AuditStore":
        """The audit log."""
        from resources.storage.audit_store import AuditStore

        return AuditStore(self.home)

    @cached_property
    def deliveries(self) -> "DeliveryStore":
        """The delivery log with the received files."""
        from resources.storage.delivery_store import DeliveryStore

        return DeliveryStore(self.home.deliveries, self.audit, self._intake)

    def _intake(self) -> "Intake":
        """Nothing of the home is ever a delivery, and neither is the key."""
        from resources.config.environment import DeliveryLimits, load_environment, read_variables
        from resources.config.secret_key import key_file_of
        from resources.storage.received_file import Intake

        key, limits = key_file_of(self.home, load_environment()), read_variables(DeliveryLimits)
        return Intake((self.home.root, *([key] if key else [])), limits.delivery_limit, limits.delivery_timeout)

    @cached_property
    def explanations(self) -> "ExplanationStore":
        """The explanations of suppliers."""
        from resources.storage.explanation_store import ExplanationStore

        return ExplanationStore(self.home.deliveries, self.audit)

    @cached_property
    def registers(self) -> "RegisterStore":
        """The person registers."""
        from resources.storage.register_store import RegisterStore

        return RegisterStore(self.home.registers)

    @cached_property
    def stages(self) -> "StageStore":
        """The tables between the stages; those of the newest vintage are not removed."""
        from resources.storage.stage_store import StageStore

        return StageStore(self.home.stages, in_use=self.history.newest_record)

    @cached_property
    def history(self) -> "HistoryStore":
        """The vintages."""
        from resources.storage.history_store import HistoryStore

        return HistoryStore(self.home.history)

    @cached_property
    def warehouse(self) -> "Warehouse":
        """The warehouse."""
        from resources.storage.warehouse import Warehouse

        return Warehouse(self.home.warehouse)

    @cached_property
    def years(self) -> "YearMonitor":
        """The status of the figures of each year."""
        from resources.workflows.year_status import YearMonitor

        return YearMonitor(self.deliveries, self.registers, self.stages, self.history, self.methodology)

    @cached_property
    def reports(self) -> "ReportStore":
        """The op-orde reports."""
        from resources.workflows.write_report import ReportStore

        return ReportStore(self.home, self.methodology, self.deliveries, self.explanations)

    @cached_property
    def mails(self) -> "Mailbox":
        """The mails to suppliers."""
        from resources.workflows.supplier_mail import Mailbox

        return Mailbox(
            self.home, self.methodology, self.mail_settings, self.deliveries, self.explanations, self.reports
        )
