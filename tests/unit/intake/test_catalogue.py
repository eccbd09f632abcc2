"""The rule catalogue: complete, safe and implemented."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from dakl_pipeline.intake.catalogue import Catalogue, Rule, catalogue, rules_by_id
from dakl_pipeline.intake.rules import COLUMN_CONTENT_RULES, CONTENT_RULES, VALUE_RULES
from dakl_pipeline.intake.table_rules import TABLE_RULES


def test_every_expression_has_a_rule_and_every_rule_with_a_column_an_expression() -> None:
    expressions = [*VALUE_RULES, *CONTENT_RULES, *COLUMN_CONTENT_RULES, *TABLE_RULES]
    assert len(set(expressions)) == len(expressions)
    assert set(expressions) <= set(rules_by_id())
    assert {r.id for r in catalogue().rule if r.columns} <= set(expressions)
    # Rules on the file as a whole have no expression, nor have rules that compare files (test_previous.py).
    whole_file = {r.id for r in catalogue().rule if r.level == 2} | {"mostly_outside_year", "not_compared"}
    assert {r.id for r in catalogue().rule if r.severity != "error"} - whole_file <= set(expressions)


def test_nothing_a_supplier_sees_looks_in_a_register() -> None:
    assert [r.id for r in catalogue().rule if r.level == 3] == []


def test_a_rule_that_names_another_supplier_is_for_the_analyst() -> None:
    rule = rules_by_id()["supplier_resembles"].model_dump() | {"audience": "supplier"}
    with pytest.raises(ValidationError, match="not known to be safe"):
        Rule.model_validate(rule)


@pytest.mark.parametrize("text", ["{value}", "{bsn}", "{}", "{column.x}"])
def test_a_message_with_an_unsafe_placeholder_is_refused(text: str) -> None:
    rule = rules_by_id()["bsn_format"].model_dump() | {"message": text}
    with pytest.raises(ValidationError, match="not known to be safe"):
        Rule.model_validate(rule)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "bsn_padded"}, "appears once"),
        ({"columns": ["naam"]}, "not delivered"),
        ({"columns": ["v_nummer"]}, "column_set is optional"),
    ],
)
def test_an_inconsistent_catalogue_is_refused(change: dict[str, object], reason: str) -> None:
    data = catalogue().model_dump()
    data["rule"] = [
        *(r for r in data["rule"] if r["id"] != "bsn_format"),
        rules_by_id()["bsn_format"].model_dump() | change,
    ]
    with pytest.raises(ValidationError, match=reason):
        Catalogue.model_validate(data)


@pytest.mark.parametrize(
    ("from_year", "to_year", "year", "applies"),
    [
        (None, None, 2022, True),
        (2023, None, 2022, False),
        (2023, None, 2023, True),
        (None, 2022, 2023, False),
        (2023, 2024, None, True),
    ],
)
def test_years_of_a_rule(from_year: int | None, to_year: int | None, year: int | None, applies: bool) -> None:
    rule = rules_by_id()["bsn_format"].model_copy(update={"from_year": from_year, "to_year": to_year})
    assert rule.applies_to(year) is applies


@pytest.mark.parametrize(("year", "shown"), [(2024, "2024-12-31"), (None, "<verslagjaar>-12-31")])
def test_what_to_do_names_the_year_or_says_that_it_is_one(year: int | None, shown: str) -> None:
    assert rules_by_id()["year_end_swapped"].what_to_do(year) == f"Schrijf het einde van het jaar voortaan als {shown}."


def test_the_check_is_light_to_import() -> None:
    code = "import sys, dakl_pipeline.intake.check; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"dagster", "dataframely", "duckdb", "pyarrow"} & set(loaded)
