"""The commands about op-orde reports and explanations."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import output

if TYPE_CHECKING:
    from resources.workflows.write_report import WrittenReport


def report(
    supplier: opt.SupplierOption, year: opt.YearOption, json: opt.JsonOption = False, home: opt.HomeOption = None
) -> None:
    """Print the op-orde report on the most recent approved file: its paths and its tables."""
    from dakl_pipeline.operation.audit import ReportRead

    opened = opt.open_home(home)
    supplier_id, known_year = opt.supplier_id(supplier), opt.known_year(year, opened.methodology)
    opened.audit.log(opt.actor(), ReportRead(supplier_id=supplier_id, year=known_year))
    with opt.asking_about(supplier, opened.deliveries.suppliers):
        written = opened.reports.write_latest(supplier_id, known_year)
    output.print_json(_as_json(written)) if json else _print(written)


def explain_finding(
    supplier: opt.SupplierOption,
    year: opt.YearOption,
    rule: Annotated[str, typer.Option("--rule", help="Rule of the finding, for example long_open.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the supplier says about it, between quotes.")],
    home: opt.HomeOption = None,
) -> None:
    """Record a supplier's explanation of a finding; it is shown beside the finding from then on."""
    from dakl_pipeline.op_orde.explanations import explainable_rule, safe_text
    from resources.workflows.explain_finding import explain_finding

    opened = opt.open_home(home)
    supplier_id, known_year = opt.supplier_id(supplier), opt.known_year(year, opened.methodology)
    rule_id, kept = explainable_rule(rule), safe_text(text)
    with opt.asking_about(supplier_id, opened.deliveries.suppliers):
        explained = explain_finding(
            opened,
            supplier_id=supplier_id,
            year=known_year,
            rule=rule_id,
            text=kept,
            now=datetime.now(UTC),
            actor=opt.actor(),
        )
    number = explained.explanation.sequence
    output.say(f"toelichting {number:06d} van {supplier_id} over {year} bewaard bij regel {rule_id}")
    if not explained.explanation.count:
        output.say(
            "Let op: deze regel heeft nu geen bevinding. Komt er een, dan staat de toelichting erbij, maar CBS vraagt "
            "er toch naar."
        )
    output.say(f"op-orde-rapport: {explained.report.paths[0]}")


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
