from typing import Any

import pytest
from pydantic import ValidationError

from dakl_pipeline.synthetic import PopulationPlan
from dakl_pipeline.synthetic.places import region_targets

GOOD: dict[str, Any] = {"years": (2023,), "persons": 100, "suppliers": 5}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"years": ()}, "at least 1 item"),
        ({"years": (2021,)}, "no round of delivery"),
        ({"years": (2024, 2023)}, "in order"),
        ({"years": (2023, 2023)}, "once"),
        ({"persons": 0}, "greater than or equal to 1"),
        ({"persons": {2022: 10}}, "a number for each year"),
        ({"suppliers": 0}, "greater than or equal to 1"),
        ({"calibration": {2022: {"CR01": None}}}, "regions for each year"),
        ({"calibration": {2023: {}}}, "at least one region"),
        ({"calibration": {2023: {"CR99": None}}}, "only existing regions"),
        ({"calibration": {2023: {"CR01": None, "CR02": None}}, "suppliers": 1}, "2 regions"),
        ({"calibration": {2023: {"CR01": 200, "CR02": None}}}, "more people than the country"),
        ({"calibration": {2023: {"CR01": 60, "CR02": 20}}}, "fewer people than the country"),
        ({"is_cbs_example_included": True}, "its region"),
        ({"hard_cases": {"wrong_bsn": 0.6}}, "less than or equal to 0.5"),
    ],
)
def test_impossible_plans_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PopulationPlan.model_validate(GOOD | change)


def test_without_calibration_the_largest_regions_share_by_inhabitants() -> None:
    plan = PopulationPlan(years=(2023,), persons=1000, suppliers=10)
    targets = region_targets(plan, 2023)
    assert (targets > 0).sum() == 5
    assert targets.sum() == pytest.approx(1030)


def test_regions_without_a_size_share_what_the_others_leave() -> None:
    plan = PopulationPlan(
        years=(2023,), persons=1000, suppliers=10, calibration={2023: {"CR05": 400, "CR02": None, "CR01": None}}
    )
    targets = region_targets(plan, 2023)
    assert targets[4] == 400
    assert targets.sum() == pytest.approx(1030)
    assert targets[0] > targets[1] > 0
