"""The region to which a place name leads, and the message when it leads to none or several."""

import pytest

from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.presentation.figures import categories_of, category_named, dimension_named, dimensions
from dakl_pipeline.presentation.names import did_you_mean
from dakl_pipeline.presentation.places import region_named
from dakl_pipeline.reference.code_lists import categories, centrumregios, municipalities, place_aliases
from dakl_pipeline.reference.geography import Centrumregio

# Typed text -> the code, and the message about it.
FOUND = {
    "Almelo": ("CR02", None),
    "almelo ": ("CR02", None),
    "cr02": ("CR02", None),
    "gemeente Almelo": ("CR02", None),
    "Gemeente Wierden": ("CR02", "Wierden is in Almelo (CR02)"),
    "Regio Zwolle": ("CR44", None),
    "Den Bosch": ("CR27", None),
    "den-bosch": ("CR27", None),
    "'s-Hertogenbosch": ("CR27", None),
    "’s Hertogenbosch": ("CR27", None),
    "Den Haag": ("CR12", None),
    "'s-Gravenhage": ("CR12", "'s-Gravenhage is in Den Haag (CR12)"),
    "The Hague": ("CR12", "'s-Gravenhage is in Den Haag (CR12)"),
    "Wierden": ("CR02", "Wierden is in Almelo (CR02)"),
    "0189": ("CR02", "Wierden is in Almelo (CR02)"),
    "GM0189": ("CR02", "Wierden is in Almelo (CR02)"),
    "sudwest fryslan": ("CR30", "Súdwest-Fryslân is in Leeuwarden (CR30)"),
    "SÚDWEST-FRYSLÂN": ("CR30", "Súdwest-Fryslân is in Leeuwarden (CR30)"),
    "Bergen (NH.)": ("CR01", "Bergen (NH.) is in Alkmaar (CR01)"),
    "bergen limburg": ("CR40", "Bergen (L.) is in Venlo (CR40)"),
    "Haren": ("CR22", "Haren, later Groningen, is in Groningen (CR22)"),
    "Bussum": ("CR28", "Bussum, later Gooise Meren, is in Hilversum (CR28)"),
    "Weesp": ("CR05", "Weesp, later Amsterdam, is in Amsterdam (CR05)"),
    "Utrecht": ("CR39", None),
    "Groningen": ("CR22", None),
    "nl": ("NL", None),
    "Nederland": ("NL", None),
    "heel nederland": ("NL", None),
    "Zeeland": ("CR42", "Zeeland is a province with one region: Vlissingen (CR42)"),
    "Friesland": ("CR30", "Fryslân is a province with one region: Leeuwarden (CR30)"),
}
REFUSED = {
    "Amsterdm": "Did you mean Amsterdam (CR05)?",
    "gemeente Amsterdm": "Did you mean Amsterdam (CR05)?",
    "Hertogenbosch": "Did you mean 's-Hertogenbosch (CR27)?",
    "Wieden": "Wierden",
    "Bergen": "Bergen (L.) is in Venlo (CR40); Bergen (NH.) is in Alkmaar (CR01)",
    "Maasdonk": "'s-Hertogenbosch (CR27)",
    "Haaren": "Tilburg (CR38)",
    "Limburg": "Heerlen (CR25), Maastricht (CR32) or Venlo (CR40)",
    "CR99": "there is no such region. Name it by its code",
    "": "there is no such region. Name it by its code",
    "-": "there is no such region. Name it by its code",
    "123456782": "there is no such region. Name it by its code",
}


@pytest.mark.parametrize("typed", FOUND)
def test_region_of_a_name(typed: str) -> None:
    named = region_named(typed, [2024])
    assert (named.code, named.note) == FOUND[typed]


@pytest.mark.parametrize("typed", REFUSED)
def test_name_of_no_region_or_of_several(typed: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        region_named(typed, [2024])
    assert REFUSED[typed] in str(refused.value)
    # The typed text may be a person's number.
    assert "123456782" not in str(refused.value)


def test_a_municipality_that_changed_region_is_asked_about() -> None:
    assert region_named("Weesp", [2022]).code == "CR28"
    with pytest.raises(WrongUsage, match=r"Hilversum \(CR28\)"):
        region_named("Weesp", [2022, 2024])


@pytest.mark.parametrize("region", centrumregios(), ids=lambda region: region.code)
def test_every_region_by_its_code_and_name(region: Centrumregio) -> None:
    for typed in (region.code, region.name, region.name.upper(), region.name.replace("-", " ")):
        assert (named := region_named(typed, [2022, 2023, 2024])).code == region.code
        assert named.note is None


@pytest.mark.parametrize("year", [2022, 2023, 2024])
def test_every_municipality_by_its_name_and_code(year: int) -> None:
    regions = {region.name for region in centrumregios()}
    for municipality in municipalities():
        if municipality.is_valid_in(year):
            assert region_named(municipality.code, [year]).code == municipality.region_code
            # A region takes precedence over a municipality with its name.
            if municipality.name not in regions:
                assert region_named(municipality.name, [year]).code == municipality.region_code


def test_every_alias_is_of_something_that_exists() -> None:
    known = {m.name for m in municipalities()} | {r.province for r in centrumregios()} | {"NL"}
    assert {name for _, name in place_aliases()} <= known


@pytest.mark.parametrize("dimension", dimensions())
def test_dimensions_and_categories_in_any_spelling(dimension: str) -> None:
    assert dimension_named(dimension.upper().replace("_", " ")) == dimension
    for category in categories_of(dimension):
        assert category_named(category.upper().replace("-", " "), dimension) == category


def test_labels_are_known_too() -> None:
    for category in categories():
        assert category_named(category.label, category.dimension) == category.category


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("geslact", "Did you mean geslacht? "),
        ("leeftijt", "Did you mean leeftijd? "),
        ("type opvan", "Did you mean type_opvang? "),
        ("herkonst", "Did you mean herkomst? "),
        ("colour", ""),
    ],
)
def test_the_nearest_dimension_is_suggested(typed: str, hint: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        dimension_named(typed)
    assert str(refused.value) == f"there is no such dimension. {hint}Choose one of {', '.join(dimensions())}"


def test_the_nearest_supplier_is_suggested() -> None:
    known = ["gemeente-almelo", "gemeente-zwolle", "mo-twente"]
    assert did_you_mean("gemeente-almello", known) == " Did you mean gemeente-almelo?"
    assert did_you_mean("xyz", known) == ""
