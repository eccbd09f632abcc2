"""The content findings of one file, block by block: possible faults in a file that is technically right."""

from datetime import date
from functools import cache

import polars as pl

from dakl_pipeline.intake.bounds import is_large
from dakl_pipeline.intake.catalogue import ColumnSet, Rule, catalogue
from dakl_pipeline.intake.fields import ROW
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE, Collector
from dakl_pipeline.intake.profile import FileProfile, ProfileMaker
from dakl_pipeline.intake.reading import Reading, Readings
from dakl_pipeline.intake.rules import COLUMN_CONTENT_RULES, CONTENT_RULES, FIRST_CREATION_DATE, expected_years
from dakl_pipeline.intake.scan import Test, Tests, add_hits
from dakl_pipeline.intake.table_rules import TABLE_RULES, compare_rows
from dakl_pipeline.intake.values import Context

# Larger files are not compared row by row, to bound memory; the limit is far above what the whole country delivers.
MAX_COMPARED_ROWS = 1_500_000


class ContentCheck:
    """Tests the registrations of a file as they are read.

    Args:
        context: the delivery; its reporting year must be known before ``receive`` is called.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._first_creation_date: date | None = None
        self._rows = 0
        self._parts: list[pl.DataFrame] = []
        self._collector = Collector()
        self._profile: ProfileMaker | None = None
        self._readings = None if context.year is None else Readings(context.year, context.methodology)

    def receive(self, registrations: pl.DataFrame, column_set: ColumnSet) -> None:
        """Test the content of the next registrations.

        Args:
            registrations: ``line_number`` and the columns of ``values.typed_expressions``, of a file without errors
                so far.
            column_set: the delivered columns.
        """
        if not registrations.height:
            return
        if self._profile is None:
            self._profile = ProfileMaker(self._context.known_year)
            self._first_creation_date = registrations["creation_date"][0]
        tests = _content_tests(column_set, self._context)
        first = pl.lit(self._first_creation_date).alias(FIRST_CREATION_DATE)
        expressions = {name: test.is_broken for name, test in tests.items()}
        verdicts = registrations.lazy().with_columns(first).select(pl.col(ROW), **expressions).collect()
        days = self._context.methodology.long_open_days
        add_hits(self._collector, verdicts, tests, year=self._context.year or 0, days=days)
        self._profile.receive(registrations)
        if self._readings is not None:
            self._readings.receive(registrations)
        self._rows += registrations.height
        self._parts = [*self._parts, registrations] if self._rows <= MAX_COMPARED_ROWS else []

    def profile(self) -> FileProfile | None:
        """Return the profile of the registrations received; None if there were none."""
        return self._profile.profile() if self._profile else None

    def findings(self, column_set: ColumnSet) -> Collector:
        """Compare the registrations with each other, after the last one is received.

        Args:
            column_set: the delivered columns.

        Returns:
            All content findings on the file.
        """
        if (profile := self.profile()) and is_large(
            "mostly_outside_year", "itself", found := profile.outside_year, of=profile.registrations
        ):
            year = self._context.known_year
            self._collector.add("mostly_outside_year", found=found, expected=profile.registrations, year=year)
        if self._rows > MAX_COMPARED_ROWS:
            self._collector.add("not_compared", limit=MAX_COMPARED_ROWS)
        elif self._parts:
            comparison = compare_rows(pl.concat(self._parts))
            for rule in _rules(column_set, self._context):
                if rule.id in TABLE_RULES:
                    self._add_clashes(rule, TABLE_RULES[rule.id](comparison))
        return self._collector

    def reading(self) -> Reading | None:
        """Return how many registrations were read and how many count; None without a reporting year."""
        return None if self._readings is None else self._readings.result()

    def _add_clashes(self, rule: Rule, clashes: pl.DataFrame) -> None:
        for row, other_row in clashes.head(MAX_FINDINGS_PER_RULE).iter_rows():
            self._collector.add(rule.id, (row,), column=_place(rule), other_row=other_row)
        if (more := clashes.height - MAX_FINDINGS_PER_RULE) > 0:
            self._collector.add(rule.id, (), count=more, column=_place(rule))


def _rules(column_set: ColumnSet, context: Context) -> list[Rule]:
    return [
        rule
        for rule in catalogue().rule
        if rule.applies_to(context.year) and (rule.column_set == "basic" or column_set == "optional")
    ]


def _place(rule: Rule) -> str | None:
    return rule.columns[0] if rule.columns else None


@cache
def _content_tests(column_set: ColumnSet, context: Context) -> Tests:
    rules = _rules(column_set, context)
    tests = {r.id: Test(r.id, _place(r), CONTENT_RULES[r.id](context)) for r in rules if r.id in CONTENT_RULES}
    for rule in rules:
        for column in rule.columns if rule.id in COLUMN_CONTENT_RULES else ():
            if column in catalogue().columns(column_set):
                first, last = expected_years(column, context)
                is_broken = COLUMN_CONTENT_RULES[rule.id](column, context)
                years = {"years": f"{first} tot en met {last}"}
                tests[f"{rule.id}:{column}"] = Test(rule.id, column, is_broken, years)
    return tests
