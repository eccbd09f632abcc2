"""Reports made from a few lines of a delivery, as the report store makes them."""

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from dakl_pipeline.intake.registrations import read_registrations
from dakl_pipeline.op_orde.comparison import compare_findings
from dakl_pipeline.op_orde.explanations import Explanation, latest_by_rule
from dakl_pipeline.op_orde.report import DeliveryFacts, DeliveryFigures, Figures, OpOrdeReport
from dakl_pipeline.op_orde.tables import count_figures
from tests.support.delivery_files import CANARIES, METHODOLOGY, V_CANARY, check, lines

YEAR = 2024
ANNA, BRAM, CEES = CANARIES


def row(
    bsn: str = ANNA,
    *,
    gemeente: str = "0141",
    kind: str = "0301",
    start: str = "2024-02-01",
    end: str = "2024-03-01",
    request: str = "2024-02-01",
    reason: str = "01",
    v_number: str = V_CANARY,
) -> str:
    """A line without faults of a delivery with the optional columns."""
    return f"2025-05-01;{gemeente};{bsn};{kind};{start};{end};{request};{reason};{v_number}"


def figures(*rows: str, header: str | None = None) -> Figures:
    """The figures of a file with these lines."""
    data = lines(*rows, header=header) if header else lines(*rows)
    verdict = check(data)
    assert verdict.approved
    assert verdict.columns is not None
    registrations = read_registrations(io.BytesIO(data), YEAR, methodology=METHODOLOGY)
    return count_figures(registrations, year=YEAR, column_set=verdict.columns)


def explanation(rule: str, text: str, *, sequence: int = 1, count: int | None = 1) -> Explanation:
    """An explanation of the supplier."""
    return Explanation(
        sequence=sequence,
        supplier_id="opvang",
        reporting_year=YEAR,
        rule=rule,
        text=text,
        count=count,
        recorded_at=datetime(2025, 5, 3, 9, 0, tzinfo=UTC),
        recorded_by="analist",
    )


def report(
    current: Sequence[str],
    previous: Sequence[str] | None = None,
    *,
    explanations: Iterable[Explanation] = (),
    file_name: str = "DAKL_J2024_opvang.csv",
    supplier: str = "opvang",
) -> OpOrdeReport:
    """The report on a file with some lines, after a previous file with other lines."""
    before = None
    if previous is not None:
        facts = DeliveryFacts(
            delivery_id="000001", file_name=file_name, received_at=datetime(2025, 5, 1, 12, 0, tzinfo=UTC)
        )
        before = DeliveryFigures(**dict(figures(*previous)), delivery=facts)
    return OpOrdeReport(
        **dict(figures(*current)),
        delivery=DeliveryFacts(
            delivery_id="000002", file_name=file_name, received_at=datetime(2025, 5, 2, 14, 5, tzinfo=UTC)
        ),
        supplier=supplier,
        year=YEAR,
        status="selected",
        correct_until=date(2025, 6, 18),
        rules_version="1.0.0",
        previous=before,
        findings=compare_findings(
            check(lines(*current)),
            None if previous is None else check(lines(*previous)),
            latest_by_rule(explanations),
            year=YEAR,
        ),
        files=(),
    )
