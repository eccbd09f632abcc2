import pytest

from dakl_pipeline.synthetic import World, WorldPlan, demo_plan, generate_world
from tests.support.synthetic_counts import Count, count, rows_of


@pytest.fixture(scope="package")
def demo_world() -> World:
    return generate_world(demo_plan())


@pytest.fixture(scope="package")
def demo_counts(demo_world: World) -> dict[int, Count]:
    return {year: count(demo_world, year) for year in demo_world.registers}


@pytest.fixture(scope="package")
def demo_rows(demo_world: World) -> dict[int, list[dict[str, str]]]:
    """The rows of every approved file, by year."""
    found: dict[int, list[dict[str, str]]] = {year: [] for year in demo_world.registers}
    for event in demo_world.events:
        if event.content and event.is_expected_approved:
            found[event.reporting_year] += rows_of(event.content)
    return found


@pytest.fixture(scope="package")
def small_plan() -> WorldPlan:
    return WorldPlan(seed=7, years=(2022, 2023, 2024), persons=1500, suppliers=12)


@pytest.fixture(scope="package")
def small_world(small_plan: WorldPlan) -> World:
    return generate_world(small_plan)
