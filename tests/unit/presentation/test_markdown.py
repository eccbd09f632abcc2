"""Markdown for the Dagster UI: external text is shown literally, and never ends a cell or makes a link."""

from datetime import UTC, datetime

import pytest

from dakl_pipeline.presentation.markdown import bars, escaped, table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DAKL-J2024 a", "DAKL-J2024 a"),
        ("a|b", r"a\|b"),
        ("`a`", r"\`a\`"),
        ("a\\|b", r"a\\\|b"),
        ("[a](http://x)", r"\[a\]\(http\:\/\/x\)"),
        ("<img src=x>", r"\<img src\=x\>"),
        ("&lt;", r"\&lt\;"),
        ("_a_ *b* ~c~ #d !e", r"\_a\_ \*b\* \~c\~ \#d \!e"),
        ("a\nb\u202ec", r"a\?b\?c"),
    ],
)
def test_escaped(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_a_table_aligns_numbers_and_escapes_texts_only() -> None:
    moment = datetime(2025, 5, 1, 12, 30, tzinfo=UTC)
    rows = [("a|b", 1234, moment, None), ("c", -5, moment, 3)]
    assert table(("name", "rows", "at", "more"), rows).splitlines() == [
        "| name | rows | at | more |",
        "| --- | ---: | --- | ---: |",
        r"| a\|b | 1.234 | 2025-05-01 12:30 |  |",
        "| c | -5 | 2025-05-01 12:30 | 3 |",
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([("a", 0)], ["a 0"]),
        ([("Almelo", 1200), ("Ede", 600)], ["Almelo 1.200 " + "█" * 24, "Ede      600 " + "█" * 12]),
    ],
    ids=["nothing", "zero", "half"],
)
def test_bars(rows: list[tuple[str, int]], expected: list[str]) -> None:
    assert bars(rows).splitlines() == ["```", *expected, "```"]
