"""Tables at the width of a terminal: whole words and ids, whatever the width."""

import pytest

from dakl_pipeline.cli.tables import Column, lines, wrapped

IDS = Column("delivery_id", ["000001", "000002"])
SUPPLIERS = Column("supplier", ["gemeente-almelo", "mo-" + "x" * 61])
FILES = Column("file", ["DAKL_J2024_Hazelpad_Almelo_v2.csv", "DAKL_J2024_" + "y" * 80 + ".csv"])
NUMBERS = Column("persons", ["1.234", "5"], is_numeric=True)
REASONS = Column("reason", ["most recent approved file of this supplier and year; same content as 000001", ""])
LONG = Column("nederland-ouders-buitenland", ["1", "2"], is_numeric=True)
TABLES = {
    "ids": [IDS, NUMBERS],
    "deliveries": [IDS, SUPPLIERS, NUMBERS, FILES, REASONS],
    "reasons": [IDS, REASONS, NUMBERS],
    "many numbers": [IDS, *[LONG] * 9],
    "one": [REASONS],
    "no rows": [Column("delivery_id", []), Column("reason", [])],
}


@pytest.mark.parametrize("width", [None, 20, 40, 80, 100, 200])
@pytest.mark.parametrize("name", TABLES)
def test_every_word_is_whole_and_in_the_width(name: str, width: int | None) -> None:
    columns = TABLES[name]
    headings, rows = lines(columns, width)
    printed = {word for line in rows for word in line.split()}
    assert printed == {word for column in columns for cell in column.cells for word in cell.split()}
    whole = "".join(headings).replace(" ", "")
    assert sorted(whole) == sorted("".join(column.heading for column in columns).replace(" ", ""))
    if width is None:
        assert len(headings) == 1
        assert len(rows) == len(columns[0].cells)
    else:
        longest = max((len(word) for line in rows for word in line.split()), default=0)
        # A word that is wider than the terminal is still not split.
        assert all(len(line) <= max(width, longest + 4) for line in (*headings, *rows))


def test_what_fits_takes_one_line() -> None:
    assert lines([IDS, NUMBERS], 80) == (["delivery_id  persons"], ["000001         1.234", "000002             5"])


def test_what_does_not_fit_is_below_it_and_left_out_where_empty() -> None:
    headings, rows = lines([IDS, Column("supplier", ["gemeente-almelo", "mo-a"]), REASONS], 30)
    assert headings == ["delivery_id  supplier", "    reason"]
    assert rows == [
        "000001       gemeente-almelo",
        "    most recent approved file",
        "    of this supplier and year;",
        "    same content as 000001",
        "000002       mo-a",
    ]


def test_an_indented_text_stays_indented() -> None:
    assert wrapped("  excluded, no_region: nobody", 20) == ["  excluded,", "  no_region: nobody"]
