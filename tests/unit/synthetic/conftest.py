import pytest

from dakl_pipeline.synthetic import Population, PopulationPlan, demo_plan, generate_population
from tests.support.synthetic_counts import Count, count, rows_of


@pytest.fixture(scope="package")
def demo_population() -> Population:
    return generate_population(demo_plan())


@pytest.fixture(scope="package")
def demo_counts(demo_population: Population) -> dict[int, Count]:
    return {year: count(demo_population, year) for year in demo_population.registers}


@pytest.fixture(scope="package")
def demo_rows(demo_population: Population) -> dict[int, list[dict[str, str]]]:
    """The rows of every approved file, by year."""
    found: dict[int, list[dict[str, str]]] = {year: [] for year in demo_population.registers}
    for event in demo_population.events:
        if event.content and event.is_expected_approved:
            found[event.reporting_year] += rows_of(event.content)
    return found


@pytest.fixture(scope="package")
def small_plan() -> PopulationPlan:
    return PopulationPlan(seed=7, years=(2022, 2023, 2024), persons=1500, suppliers=12)


@pytest.fixture(scope="package")
def small_population(small_plan: PopulationPlan) -> Population:
    return generate_population(small_plan)
