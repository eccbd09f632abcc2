"""Municipality codes in the division of a year."""

import pytest

from dakl_pipeline.municipality import CodeStatus, code_status, codes_with_status, successors


@pytest.mark.parametrize(
    ("code", "year", "status", "leads_to"),
    [
        ("0141", 2024, "current", {"0141"}),
        ("1684", 2022, "merged", {"1982"}),
        ("0501", 2023, "merged", {"1992"}),
        ("0501", 2022, "current", {"0501"}),
        ("1992", 2022, "unknown", set()),
        ("0788", 2024, "divided", {"0757", "0824", "0855", "0865"}),
        ("9999", 2024, "unknown", set()),
        ("", 2024, "unknown", set()),
    ],
)
def test_code(code: str, year: int, status: CodeStatus, leads_to: set[str]) -> None:
    assert code_status(code, year) == status
    assert {m.code for m in successors(code, year)} == leads_to


def test_lists_by_status_do_not_meet() -> None:
    lists = [set(codes_with_status(status, 2023)) for status in ("current", "merged", "divided", "unknown")]
    assert sum(map(len, lists)) == len(set.union(*lists))
    assert len(lists[0]) == 342
