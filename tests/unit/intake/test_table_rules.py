"""Overlaps and duplicates against a plain count over pairs of rows."""

from datetime import date, timedelta
from itertools import product

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from dakl_pipeline.intake.table_rules import compare_rows, duplicate_rows, overlapping_stays

SCHEMA = {
    "line_number": pl.UInt32,
    "bsn": pl.UInt32,
    "shelter_type_code": pl.UInt16,
    "start_date": pl.Date,
    "end_date": pl.Date,
}
Stay = tuple[int | None, int, date, date | None]

_DAYS = st.integers(0, 6).map(lambda n: date(2024, 1, 1) + timedelta(days=n))
_FAR = st.sampled_from([date(1, 1, 1), date(9999, 12, 31)])
_STAYS = st.lists(
    st.tuples(
        st.sampled_from([123456782, 111222333, 123456789, None]),
        st.sampled_from([201, 9999]),
        _DAYS | _FAR,
        _DAYS | _FAR | st.none(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(stays=_STAYS)
def test_against_all_pairs(stays: list[Stay]) -> None:
    frame = pl.DataFrame([(n, *s) for n, s in enumerate(stays, start=2)], schema=SCHEMA, orient="row")
    comparison = compare_rows(frame)

    first = {stay: row for row, stay in reversed(list(enumerate(stays, start=2)))}
    duplicates = [(row, first[stay]) for row, stay in enumerate(stays, start=2) if first[stay] != row]
    assert duplicate_rows(comparison).rows() == duplicates

    rows = {row: stay for stay, row in first.items() if stay[0] in (123456782, 111222333)}
    rows = {row: stay for row, stay in rows.items() if stay[3] is None or stay[3] >= stay[2]}
    pairs = {(a, b) for a, b in product(rows, repeat=2) if a != b and _overlap(rows[a], rows[b])}
    found = overlapping_stays(comparison).rows()
    # Each reported row overlaps the one it names, and every overlapping row is reported or named.
    assert set(found) <= pairs
    assert bool(found) == bool(pairs)
    reported = {row for row, _ in found}
    assert all(a in reported or b in reported for a, b in pairs)


def _overlap(a: Stay, b: Stay) -> bool:
    if a[:2] != b[:2]:
        return False
    end_a, end_b = (stay[3].toordinal() if stay[3] else 10**9 for stay in (a, b))
    return a[2].toordinal() < end_b and b[2].toordinal() < end_a
