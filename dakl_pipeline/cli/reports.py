"""The commands about op-orde reports, and the report that goes with a delivery.

Belongs here: reading arguments, calling, showing. Does not belong here: what a report says (``dakl_pipeline.op_orde``).
"""

import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import output
from dakl_pipeline.errors import DaklError, Missing
from dakl_pipeline.privacy.redaction import mask_numbers

if TYPE_CHECKING:
    from dakl_pipeline.deliveries.log import Delivery
    from dakl_pipeline.reference import Methodology
    from resources.config.home import Home
    from resources.workflows.write_report import WrittenReport


def report(
    supplier: opt.SupplierOption, year: opt.YearOption, json: opt.JsonOption = False, home: opt.HomeOption = None
) -> None:
    """Where the op-orde report on the most recent approved file is, and its tables."""
    from resources.storage.delivery_store import DeliveryStore
    from resources.workflows.write_report import ReportStore

    opened = opt.open_home(home)
    methodology = opt.methodology_of(opened)
    store = ReportStore(opened, methodology)
    with opt.asking_about(supplier, DeliveryStore(opened.deliveries).suppliers):
        written = store.write_latest(opt.supplier_id(supplier), opt.known_year(year, methodology))
    output.print_json(_as_json(written)) if json else _print(written)


def explain(
    supplier: opt.SupplierOption,
    year: opt.YearOption,
    rule: Annotated[str, typer.Option("--rule", help="Rule of the finding, for example long_open.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the supplier says about it, between quotes.")],
    home: opt.HomeOption = None,
) -> None:
    """Keep what a supplier explains about a finding; it is shown beside the finding from then on."""
    from dakl_pipeline.op_orde.explanations import Explanation, explainable_rule, safe_text
    from resources.storage.delivery_store import DeliveryStore
    from resources.storage.explanation_store import ExplanationStore
    from resources.workflows.write_report import ReportStore

    opened = opt.open_home(home)
    methodology = opt.methodology_of(opened)
    supplier_id, known_year = opt.supplier_id(supplier), opt.known_year(year, methodology)
    rule_id, kept = explainable_rule(rule), safe_text(text)
    reports = ReportStore(opened, methodology)
    with opt.asking_about(supplier_id, DeliveryStore(opened.deliveries).suppliers):
        if not reports.has_report(supplier_id, known_year):
            raise Missing(f"{supplier_id} has no approved file of {year}, so there is nothing to explain")
        count = reports.found_in_latest(supplier_id, known_year).get(rule_id, 0)
    explanation = ExplanationStore(opened.deliveries).append(
        lambda sequence: Explanation(
            sequence=sequence,
            supplier_id=supplier_id,
            reporting_year=known_year,
            rule=rule_id,
            text=kept,
            count=count,
            recorded_at=datetime.now(UTC),
            recorded_by=getpass.getuser(),
        ),
    )
    output.say(f"toelichting {explanation.sequence:06d} van {supplier_id} over {year} bewaard bij regel {rule_id}")
    written = reports.write_latest(supplier_id, known_year)
    if not count:
        output.say(
            "Let op: deze regel heeft nu geen bevinding. Komt er een, dan staat de toelichting erbij, maar CBS vraagt "
            "er toch naar."
        )
    output.say(f"op-orde-rapport: {written.paths[0]}")


def report_of(home: "Home", delivery: "Delivery", methodology: "Methodology") -> list[str]:
    """Make the report that goes with a delivery; a report that cannot be made never fails the delivery.

    Args:
        home: The home.
        delivery: The entry as logged.
        methodology: Settings of the statistic.

    Returns:
        Where the report is; nothing for a rejected file, or when it could not be made (said on stderr).
    """
    from resources.workflows.write_report import ReportStore

    if not delivery.approved:
        return []
    try:
        return [str(path) for path in ReportStore(home, methodology).write(delivery).paths]
    except Exception as error:
        # The text of an unforeseen error may quote a row.
        why = str(error) if isinstance(error, DaklError) else type(error).__name__
        again = f"dakl report --supplier {delivery.supplier_id} --year {delivery.reporting_year}"
        sys.stderr.write(mask_numbers(f"dakl: the delivery is logged, but not its report ({why}): try `{again}`\n"))
        return []


def _as_json(written: "WrittenReport") -> dict[str, Any]:
    return {**written.report.model_dump(mode="json"), "files": [str(path) for path in written.paths]}


def _print(written: "WrittenReport") -> None:
    from dakl_pipeline.intake.catalogue import SEVERITIES
    from dakl_pipeline.op_orde.html import STATUSES
    from dakl_pipeline.op_orde.layout import number, shown_tables

    made = written.report
    output.say(f"op-orde-rapport van {made.supplier} over {made.year}, aanlevering {made.delivery.delivery_id}")
    for path in written.paths:
        output.say(f"  {path}")
    for table in shown_tables(made):
        headings = list(table.headings)
        for measure in table.measures:
            headings += [measure.name, *(["eerder"] if made.previous else [])]
        rows = []
        for row in table.rows:
            cells = list(row.labels)
            for place, measure in enumerate(table.measures):
                cells.append(number(row.current[place], measure.unit))
                if row.previous is not None:
                    cells.append(number(row.previous[place], measure.unit))
            rows.append(cells)
        output.say()
        output.say(table.title)
        output.print_table(headings, rows, numeric=headings[len(table.headings) :])
    output.say()
    output.say("Bevindingen" if made.findings else "Geen bevindingen")
    if made.findings:
        output.print_table(
            ("regel", "bevinding", "kolom", "ernst", "stand", "aantal", "eerder", "toegelicht"),
            [
                (
                    f.rule,
                    f.title,
                    f.column,
                    SEVERITIES[f.severity],
                    STATUSES[f.status],
                    number(f.count),
                    None if f.previous_count is None else number(f.previous_count),
                    "ja" if f.is_explained else "opnieuw" if f.asked_again else "",
                )
                for f in made.findings
            ],
            numeric=("aantal", "eerder"),
        )
