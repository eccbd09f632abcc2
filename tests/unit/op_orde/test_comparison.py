"""Findings beside those of the previous delivery: new, still there, solved; counts; order; explanations."""

from datetime import UTC, datetime

import pytest

from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE
from dakl_pipeline.op_orde.comparison import compare_findings
from dakl_pipeline.op_orde.explanations import MAX_LENGTH, explainable_rule, latest_by_rule, safe_text
from tests.support.delivery_files import check, lines
from tests.support.reports import ANNA, BRAM, YEAR, explanation, report, row

ENDS_FIRST = row(start="2024-03-02", end="2024-03-01")
UNKNOWN_PLACE = row(gemeente="9999")
SHORT_CODE = row(BRAM, gemeente="141")
LONG_OPEN = row(start="2022-01-01", end="", request="")
FAILS = row("123456789")


def _short(current: list[str], previous: list[str] | None = None) -> list[tuple[str, str, int, int | None]]:
    return [(f.rule, f.status, f.count, f.previous_count) for f in report(current, previous).findings]


@pytest.mark.parametrize(
    ("current", "previous", "expected"),
    [
        ([ENDS_FIRST], None, [("end_before_start", "new", 1, None)]),
        ([ENDS_FIRST], [row()], [("end_before_start", "new", 1, 0)]),
        ([ENDS_FIRST], [ENDS_FIRST], [("end_before_start", "present", 1, 1)]),
        ([row(), row(BRAM), ENDS_FIRST], [ENDS_FIRST], [("end_before_start", "present", 1, 1)]),
        ([row()], [ENDS_FIRST], [("end_before_start", "solved", 0, 1)]),
        ([row()], [row()], []),
        (
            [UNKNOWN_PLACE, FAILS],
            [UNKNOWN_PLACE, row(BRAM, gemeente="9999"), ENDS_FIRST],
            [
                ("bsn_eleven_test", "new", 1, 0),
                ("gemeente_unknown", "present", 1, 2),
                ("end_before_start", "solved", 0, 1),
            ],
        ),
    ],
    ids=["first delivery", "new", "still there", "rows moved", "solved", "nothing", "all three"],
)
def test_new_still_there_solved(
    current: list[str], previous: list[str] | None, expected: list[tuple[str, str, int, int | None]]
) -> None:
    assert _short(current, previous) == expected


def test_the_columns_of_a_rule_are_findings_of_their_own() -> None:
    by_column = {f.column: f.status for f in report([SHORT_CODE], [row(kind="301")]).findings}
    assert by_column == {"gemeentecode": "new", "type_opvang": "solved"}


def test_what_is_open_comes_first_then_explained_then_solved() -> None:
    made = report(
        [SHORT_CODE, UNKNOWN_PLACE, FAILS],
        [ENDS_FIRST],
        explanations=[explanation("bsn_eleven_test", "Wordt nagezocht.")],
    )
    assert [(f.rule, f.status, f.explanation is not None) for f in made.findings] == [
        ("gemeente_unknown", "new", False),
        ("code_padded", "new", False),
        ("bsn_eleven_test", "new", True),
        ("end_before_start", "solved", False),
    ]


def test_texts_are_those_of_the_catalogue_with_the_year_filled_in() -> None:
    (finding,) = report([row(gemeente="0501")]).findings
    assert finding.title == "Code van een opgeheven gemeente"
    assert finding.action == "Gebruik de gemeentecode van de indeling van 2024."
    assert finding.actor == "leverancier"
    assert finding.rows == (2,)
    assert finding.row_messages == ()


def test_messages_that_differ_by_row_are_kept_by_row() -> None:
    duplicates = [row(), row(BRAM), row(), row(BRAM)]
    (finding,) = report(duplicates).findings
    assert finding.message == "Wat moet kloppen: een registratie staat één keer in het bestand."
    assert finding.rows == (4, 5)
    assert finding.row_messages == ("De regel is gelijk aan regel 2.", "De regel is gelijk aan regel 3.")


def test_the_count_is_of_all_rows_also_when_not_all_are_listed() -> None:
    many = [row(gemeente="9999", v_number=f"29{n:08}") for n in range(MAX_FINDINGS_PER_RULE + 7)]
    by_rule = {f.rule: f for f in compare_findings(check(lines(*many)), None, {}, year=YEAR)}
    finding = by_rule["gemeente_unknown"]
    assert finding.count == MAX_FINDINGS_PER_RULE + 7
    assert len(finding.rows) == MAX_FINDINGS_PER_RULE


def test_each_column_of_a_rule_has_its_own_count_however_many_there_are() -> None:
    first = [row(gemeente="141", v_number=f"29{n:08}") for n in range(MAX_FINDINGS_PER_RULE + 2)]
    second = [row(kind="301", v_number=f"28{n:08}") for n in range(3)]
    made = [f for f in compare_findings(check(lines(*first, *second)), None, {}, year=YEAR) if f.rule == "code_padded"]
    assert [(f.column, f.count, len(f.rows)) for f in made] == [
        ("gemeentecode", MAX_FINDINGS_PER_RULE + 2, MAX_FINDINGS_PER_RULE),
        ("type_opvang", 3, 0),
    ]
    assert made[1].message.endswith("De regels vallen buiten de eerste 1.000 van deze soort.")


def test_the_last_explanation_counts() -> None:
    given = [explanation("long_open", "tweede", sequence=2), explanation("long_open", "eerste")]
    (shown,) = [f.explanation for f in report([LONG_OPEN], explanations=given).findings]
    assert shown is not None
    assert (shown.text, shown.recorded_at) == ("tweede", datetime(2025, 5, 3, 9, 0, tzinfo=UTC))
    assert latest_by_rule(given)["long_open"].text == "tweede"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Klopt.  ", "Klopt."),
        (f"Cliënt {ANNA} woont er nog", "Cliënt ######### woont er nog"),
        ("twee\r\nregels", "twee\nregels"),
        ("tab\tnul\x00esc\x1b", "tab nul esc"),
        ("vanaf 2024-05-01", "vanaf 2024-05-01"),
    ],
)
def test_an_explanation_is_kept_without_numbers_and_control_characters(text: str, kept: str) -> None:
    assert safe_text(text) == kept


@pytest.mark.parametrize("text", ["", " \n ", "\x00", "x" * (MAX_LENGTH + 1)])
def test_an_explanation_that_cannot_be(text: str) -> None:
    with pytest.raises(WrongUsage, match="explanation"):
        safe_text(text)


def test_which_rules_can_be_explained() -> None:
    assert explainable_rule("long_open") == "long_open"
    with pytest.raises(WrongUsage, match="there is no rule no_such_rule"):
        explainable_rule("no_such_rule")
    with pytest.raises(WrongUsage, match="bsn_format rejects a file"):
        explainable_rule("bsn_format")
