"""Good deliveries to inject faults into, and the check with fixed settings."""

import io
from datetime import date

from dakl_pipeline.intake.check import Finding, Verdict, check_delivery
from dakl_pipeline.reference.methodology import Methodology, default_methodology

METHODOLOGY = Methodology.model_validate(default_methodology())
TODAY = date(2025, 5, 2)
NAME = "DAKL_J2024_Almelo.csv"
HEADER = "aanmaakdatum;gemeentecode;bsn;type_opvang;startdatum;einddatum;meldingsdatum;reden_einde;v_nummer"
COLUMNS = HEADER.split(";")

# Numbers that pass the eleven test and belong to nobody; findings may never show them.
CANARIES = ("123456782", "111222333", "010464554")
V_CANARY = "2912345678"

GOOD_ROWS = (
    f"2025-05-01;0141;{CANARIES[0]};0201;2024-01-05;2024-02-03;2024-01-01;01;",
    f"2025-05-01;0163;{CANARIES[1]};0302;2024-01-01;2024-12-31;;;",
    f"2025-05-01;0183;;0305;2024-12-31;;2024-12-31;05;{V_CANARY}",
    f"2025-05-01;0141;{CANARIES[2]};0204;2024-02-29;2024-03-01;;02;",
)


def lines(*rows: str, header: str = HEADER, end: str = "\n") -> bytes:
    """A file with a header and rows."""
    return "".join(f"{line}{end}" for line in (header, *rows)).encode()


def basic(row: str) -> str:
    """The first six fields of a row."""
    return ";".join(row.split(";")[:6])


def with_field(column: str, value: str, row: str = GOOD_ROWS[0]) -> str:
    """A row with another value in one column."""
    fields = row.split(";")
    fields[COLUMNS.index(column)] = value
    return ";".join(fields)


def check(
    data: bytes,
    name: str = NAME,
    *,
    reporting_year: int | None = None,
    block_bytes: int = 2**20,
) -> Verdict:
    """The verdict on a file."""
    return check_delivery(
        io.BytesIO(data),
        name,
        methodology=METHODOLOGY,
        today=TODAY,
        reporting_year=reporting_year,
        block_bytes=block_bytes,
    )


def short(findings: tuple[Finding, ...]) -> list[tuple[str, int | None, str | None]]:
    """Findings as ``(rule, row, column)``."""
    return [(f.rule, f.row, f.column) for f in findings]
