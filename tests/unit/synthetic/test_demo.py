import pytest

from dakl_pipeline.reference.code_lists import centrumregios
from dakl_pipeline.synthetic import Population, demo_plan
from dakl_pipeline.synthetic.demo import demo_regions, published_figures
from dakl_pipeline.synthetic.example import example_bsns, example_files
from tests.support.synthetic_counts import Count, registered, selected


@pytest.mark.parametrize(("year", "regions"), [(2022, 29), (2023, 36), (2024, 41)])
def test_as_many_regions_as_published_take_part(demo_counts: dict[int, Count], year: int, regions: int) -> None:
    assert set(demo_counts[year].by_region) == set(demo_regions()[year])
    assert len(demo_counts[year].by_region) == regions
    assert set(demo_regions()[year]) <= {region.code for region in centrumregios()}


@pytest.mark.parametrize(("year", "region"), sorted(published_figures()))
def test_figures_are_near_the_published_ones(demo_counts: dict[int, Count], year: int, region: str) -> None:
    persons = demo_counts[year].persons if region == "NL" else demo_counts[year].by_region[region]
    assert len(persons) == pytest.approx(published_figures()[year, region], rel=0.02)


def test_published_figures_are_those_of_the_monitor() -> None:
    assert published_figures()[2022, "NL"] == 16_890
    assert published_figures()[2023, "NL"] == 18_840
    assert demo_plan().persons_in(2023) == 18_840


@pytest.mark.parametrize("year", [2022, 2023])
def test_ages_and_sexes_are_near_the_published_ones(
    demo_population: Population, demo_counts: dict[int, Count], year: int
) -> None:
    people = registered(demo_population, year, demo_counts[year].persons)
    assert people["age"].is_between(28, 39).mean() == pytest.approx(0.30, abs=0.02)
    assert people["age"].min() == 18
    assert (people["sex"] == "man").mean() == pytest.approx(0.73, abs=0.03)


def test_the_cbs_example_is_the_file_of_almelo_that_counts(demo_population: Population) -> None:
    chosen = selected(demo_population, 2023)["gemeente-almelo"]
    earlier = [
        event
        for event in demo_population.events
        if event.supplier_id == "gemeente-almelo" and event.reporting_year == 2023 and event is not chosen
    ]
    assert (chosen.file_name, chosen.content) == ("DAKL_J2023_Almelo.csv", example_files()[1])
    assert [event.content for event in earlier] == [example_files()[0]]
    known = set(demo_population.registers[2023]["persons"]["bsn"])
    assert {f"{bsn:09d}" for bsn in example_bsns()} <= known
