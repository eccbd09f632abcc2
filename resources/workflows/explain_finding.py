"""The use case of explaining a finding: keep the explanation of a supplier and show it in the report."""

from dataclasses import dataclass
from datetime import datetime

from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.errors import Missing
from dakl_pipeline.op_orde.explanations import Explanation
from resources.workflows.opened_home import OpenedHome
from resources.workflows.write_report import WrittenReport


@dataclass(frozen=True)
class Explained:
    """An explanation that was kept.

    Attributes:
        explanation: The explanation as kept; its count is 0 when the rule finds nothing in the most recent file.
        report: The report with it.
    """

    explanation: Explanation
    report: WrittenReport


def explain_finding(
    opened: OpenedHome, *, supplier_id: str, year: int, rule: str, text: str, now: datetime, actor: Actor
) -> Explained:
    """Keep a supplier's explanation of a finding, and rewrite the report on its most recent file.

    Args:
        opened: The home.
        supplier_id: The supplier.
        year: Reporting year.
        rule: A rule that can be explained.
        text: The explanation, without numbers that could be a person's.
        now: The current time, with a zone.
        actor: Who records it.

    Raises:
        Missing: If the supplier has no approved file of the year.
        Refused: If that file is missing or was changed after receipt.
    """
    if not opened.reports.has_report(supplier_id, year):
        raise Missing(f"{supplier_id} has no approved file of {year}, so there is nothing to explain")
    count = opened.reports.found_in_latest(supplier_id, year).get(rule, 0)
    explanation = opened.explanations.append(
        lambda sequence: Explanation(
            sequence=sequence,
            supplier_id=supplier_id,
            reporting_year=year,
            rule=rule,
            text=text,
            count=count,
            recorded_at=now,
            recorded_by=actor.account,
        ),
        actor=actor,
    )
    return Explained(explanation, opened.reports.write_latest(supplier_id, year))
