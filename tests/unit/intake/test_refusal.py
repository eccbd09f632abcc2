"""The reason why a file was rejected, for every mixture of findings, and its text in the log."""

import pytest

from dakl_pipeline.deliveries.selection import delivery_statuses
from dakl_pipeline.intake.refusal import Refusal, refusal_of
from tests.support.mail_entries import METHODOLOGY, delivery

LATE = Refusal(is_outside_window=True, is_faulty=False)
FAULTY = Refusal(is_outside_window=False, is_faulty=True)
BOTH = Refusal(is_outside_window=True, is_faulty=True)


@pytest.mark.parametrize(
    ("rules", "refusal", "reason"),
    [
        (["delivery_window"], LATE, "rejected: outside the delivery window"),
        (["delivery_window", "code_padded"], LATE, "rejected: outside the delivery window"),
        (["delivery_window", "bsn_missing", "bsn_padded"], LATE, "rejected: outside the delivery window"),
        (["bsn_format"], FAULTY, "rejected by the technical check"),
        (["file_name"], FAULTY, "rejected by the technical check"),
        (["rule_of_an_older_catalogue"], FAULTY, "rejected by the technical check"),
        (
            ["bsn_format", "delivery_window"],
            BOTH,
            "rejected by the technical check, and outside the delivery window",
        ),
        (
            ["rule_of_an_older_catalogue", "delivery_window"],
            BOTH,
            "rejected by the technical check, and outside the delivery window",
        ),
    ],
)
def test_why_a_file_was_rejected(rules: list[str], refusal: Refusal, reason: str) -> None:
    assert refusal_of(rules) == refusal
    entry = delivery(1, approved=False, findings=dict.fromkeys(rules, 2))
    assert [s.reason for s in delivery_statuses([entry], METHODOLOGY)] == [reason]
