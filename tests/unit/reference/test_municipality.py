"""Municipality codes in the division of a year."""

import pytest

from dakl_pipeline.reference.code_lists import municipal_mergers, municipalities
from dakl_pipeline.reference.methodology import default_methodology
from dakl_pipeline.reference.municipality import CodeStatus, code_status, codes_with_status, successors

YEARS = default_methodology()["reporting_years"]

# Code of a municipality that ended -> the municipalities it leads to, in every reporting year.
GONE = {
    "0017": ("Haren", {"Groningen"}),
    "0009": ("Ten Boer", {"Groningen"}),
    "0053": ("Winsum", {"Het Hogeland", "Westerkwartier"}),
    "0055": ("Boarnsterhim", {"Leeuwarden", "Heerenveen", "De Fryske Marren", "Súdwest-Fryslân"}),
    "0063": ("het Bildt", {"Waadhoeke"}),
    "0083": ("Menaldumadeel", {"Waadhoeke"}),
    "0051": ("Skarsterlân", {"De Fryske Marren"}),
    "0091": ("Sneek", {"Súdwest-Fryslân"}),
    "0140": ("Littenseradiel", {"Leeuwarden", "Súdwest-Fryslân", "Waadhoeke"}),
    "0196": ("Rijnwaarden", {"Zevenaar"}),
    "0236": ("Geldermalsen", {"West Betuwe"}),
    "0282": ("Ubbergen", {"Berg en Dal"}),
    "0311": ("Breukelen", {"Stichtse Vecht"}),
    "0381": ("Bussum", {"Gooise Meren"}),
    "0393": ("Haarlemmerliede en Spaarnwoude", {"Haarlemmermeer"}),
    "0478": ("Zeevang", {"Edam-Volendam"}),
    "0517": ("'s-Gravendeel", {"Hoeksche Waard"}),
    "0545": ("Leerdam", {"Vijfheerenlanden"}),
    "0576": ("Noordwijkerhout", {"Noordwijk"}),
    "0600": ("Rozenburg", {"Rotterdam"}),
    "0612": ("Spijkenisse", {"Nissewaard"}),
    "0644": ("Ouderkerk", {"Krimpenerwaard"}),
    "0689": ("Giessenlanden", {"Molenlanden"}),
    "0693": ("Graafstroom", {"Molenlanden"}),
    "0808": ("Lith", {"Oss"}),
    "0844": ("Schijndel", {"Meierijstad"}),
    "0870": ("Werkendam", {"Altena"}),
    "0951": ("Nuth", {"Beekdaelen"}),
    "0993": ("Meerlo-Wanssum", {"Horst aan de Maas", "Venray"}),
    "1671": ("Maasdonk", {"'s-Hertogenbosch", "Oss"}),
    "1722": ("Ferwerderadiel", {"Noardeast-Fryslân"}),
    "1927": ("Molenwaard", {"Molenlanden"}),
    "1987": ("Menterwolde", {"Midden-Groningen"}),
    "0003": ("Appingedam", {"Eemsdelta"}),
}


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


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("code", GONE)
def test_code_of_a_municipality_that_is_gone(code: str, year: int) -> None:
    name, leads_to = GONE[code]
    assert {m.old_name for m in municipal_mergers() if m.old_code == code} == {name}
    found = successors(code, year)
    assert {m.name for m in found} == leads_to
    is_in_one_region = len({m.region_code for m in found}) == 1
    assert code_status(code, year) == ("merged" if is_in_one_region else "divided")


@pytest.mark.parametrize("year", YEARS)
def test_every_merger_leads_to_the_division_of_the_year(year: int) -> None:
    """No row leads nowhere, or only to itself; the names of the successors are those of the municipalities."""
    current = set(codes_with_status("current", year))
    names = {m.code: m.name for m in municipalities()}
    for merger in municipal_mergers():
        assert merger.source
        assert names.get(merger.new_code, merger.new_name) == merger.new_name
        if merger.effective_date.year <= year:
            assert {m.code for m in successors(merger.old_code, year)} <= current
            assert code_status(merger.old_code, year) in ("current", "merged", "divided")


def test_lists_by_status_do_not_meet() -> None:
    lists = [set(codes_with_status(status, 2023)) for status in ("current", "merged", "divided", "unknown")]
    assert sum(map(len, lists)) == len(set.union(*lists))
    assert len(lists[0]) == 342
