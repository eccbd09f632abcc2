"""The suppliers: centrumgemeenten, GGDs and shelter organisations with invented names, and their regions."""

import unicodedata
from dataclasses import dataclass

import numpy as np

from dakl_pipeline.reference.code_lists import centrumregios
from dakl_pipeline.reference.geography import Centrumregio
from dakl_pipeline.synthetic.draws import FloatArray, GroupedChoice, IntArray, apportion
from dakl_pipeline.synthetic.places import region_count, region_targets
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import organisation_names, profile


@dataclass(frozen=True)
class Supplier:
    """A supplier and the regions it works in (positions in the code list), with its weight in each of them."""

    supplier_id: str
    kind: str
    label: str
    regions: tuple[int, ...]
    weight: float


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return "".join(sign if sign.isalnum() else " " for sign in plain).strip()


def _identifier(*parts: str) -> str:
    return "-".join(_ascii(part).lower().replace(" ", "-") for part in parts)[:64].strip("-")


def municipality_supplier_id(region: Centrumregio) -> str:
    """Return the supplier id of the centrumgemeente of a region."""
    return _identifier("gemeente", region.name)


def _neighbours(region: int, taking_part: list[int]) -> list[int]:
    provinces = [each.province for each in centrumregios()]
    return [other for other in taking_part if other != region and provinces[other] == provinces[region]]


def make_suppliers(plan: PopulationPlan, required_second: str | None = None) -> tuple[Supplier, ...]:
    """Make the suppliers of a plan: a centrumgemeente per region, then GGDs and organisations by size of the region.

    Args:
        plan: the plan.
        required_second: code of a region that must have a second supplier.

    Returns:
        Suppliers sorted by their unique id.
    """
    rng = np.random.default_rng([plan.seed, 1])
    shape = profile().suppliers
    size = np.max([region_targets(plan, year) for year in plan.years], axis=0)
    taking_part = [int(region) for region in np.flatnonzero(size > 0)]
    if len(taking_part) > plan.suppliers:
        taking_part = sorted(taking_part, key=lambda region: -size[region])[: plan.suppliers]
    regions = centrumregios()
    found = [
        Supplier(
            municipality_supplier_id(regions[r]), "gemeente", _ascii(regions[r].name), (r,), shape.weights["gemeente"]
        )
        for r in taking_part
    ]
    further = apportion(plan.suppliers - len(found), np.sqrt(size))
    if required_second and not further[(required := [each.code for each in regions].index(required_second))]:
        further[required] += 1
        further[np.argmax(further)] -= 1
    places = np.repeat(np.arange(region_count()), further)
    is_ggd = np.zeros(len(places), dtype=np.bool_)
    is_ggd[rng.permutation(len(places))[: round(shape.ggd_share * len(places))]] = True
    names = rng.permutation(organisation_names())
    used = {each.supplier_id for each in found}
    for number, (region, ggd) in enumerate(zip(places.tolist(), is_ggd.tolist(), strict=True)):
        kind, name = ("ggd", "kring") if ggd else ("mo", str(names[number % len(names)]))
        neighbours = _neighbours(region, taking_part) if ggd else []
        second = (neighbours[int(rng.integers(len(neighbours)))],) if neighbours else ()
        base = _identifier(kind, name, regions[region].name)
        supplier_id, turn = base, 1
        while supplier_id in used:
            turn += 1
            supplier_id = f"{base}-{turn}"
        used.add(supplier_id)
        label = f"{'GGD kring' if ggd else name} {_ascii(regions[region].name)}" + (f" {turn}" if turn > 1 else "")
        weight = shape.weights[kind] * float(rng.uniform(0.5, 1.5))
        found.append(Supplier(supplier_id, kind, label, (region, *second), weight))
    return tuple(sorted(found, key=lambda each: each.supplier_id))


class SupplierChoice:
    """Draws the supplier of a stay in a region, in one year."""

    def __init__(self, suppliers: tuple[Supplier, ...], without: frozenset[int] = frozenset()):
        """Prepare the draw; suppliers (positions) in ``without`` get no stays."""
        pairs = [
            (region, number, 0.0 if number in without else each.weight)
            for number, each in enumerate(suppliers)
            for region in each.regions
        ]
        self._suppliers = np.array([number for _, number, _ in pairs], dtype=np.int64)
        self._choice = GroupedChoice([region for region, _, _ in pairs], [w for _, _, w in pairs], region_count())

    def draw(self, rng: np.random.Generator, region: IntArray) -> IntArray:
        """Draw a supplier (position) for each region."""
        return self._suppliers[self._choice.draw(rng, region)]


def weight_shares(suppliers: tuple[Supplier, ...]) -> list[FloatArray]:
    """Return for each supplier, by region, its share of the stays."""
    total = np.zeros(region_count())
    for each in suppliers:
        total[list(each.regions)] += each.weight
    shares = []
    for each in suppliers:
        own = np.zeros(region_count())
        own[list(each.regions)] = each.weight / total[list(each.regions)]
        shares.append(own)
    return shares
