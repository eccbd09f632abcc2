"""The places of shelters: the regions that take part, their numbers of people, and municipalities with their codes."""

from math import ceil

import numpy as np

from dakl_pipeline.reference.code_lists import centrumregios, municipal_mergers, municipalities
from dakl_pipeline.reference.geography import Municipality
from dakl_pipeline.synthetic.draws import FloatArray, GroupedChoice, IntArray
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import profile


def region_count() -> int:
    """Return the number of regions; arrays by region have this length and the order of the code list."""
    return len(centrumregios())


def _municipalities_in(year: int) -> list[Municipality]:
    return [each for each in municipalities() if each.is_valid_in(year)]


def _weight(municipality: Municipality) -> float:
    return float(municipality.inhabitants_2023 or profile().stays.missing_inhabitants)


def region_inhabitants(year: int) -> FloatArray:
    """Return the inhabitants by region, in the municipal division of the year."""
    positions = {region.code: i for i, region in enumerate(centrumregios())}
    inhabitants = np.zeros(region_count())
    for municipality in _municipalities_in(year):
        inhabitants[positions[municipality.region_code]] += _weight(municipality)
    return inhabitants


def region_targets(plan: PopulationPlan, year: int) -> FloatArray:
    """Return the planned number of people with an eligible stay, by region; zero if a region does not take part.

    The sum exceeds the number of the country, because some people are in several regions.
    """
    inhabitants = region_inhabitants(year)
    persons = plan.persons_in(year)
    if plan.calibration is None:
        taking_part = max(1, ceil(profile().suppliers.municipality_share * plan.suppliers))
        chosen = np.argsort(-inhabitants, kind="stable")[:taking_part]
        fixed: dict[int, int] = {}
        open_regions = [int(region) for region in chosen]
    else:
        sizes = plan.calibration[year]
        positions = {region.code: i for i, region in enumerate(centrumregios())}
        fixed = {positions[code]: size for code, size in sizes.items() if size is not None}
        open_regions = [positions[code] for code, size in sizes.items() if size is None]
    targets = np.zeros(region_count())
    for region, size in fixed.items():
        targets[region] = size
    if open_regions:
        several = plan.hard_cases.several_regions if len(open_regions) + len(fixed) > 1 else 0.0
        rest = max(0.0, persons * (1 + several) - sum(fixed.values()))
        targets[open_regions] = rest * inhabitants[open_regions] / inhabitants[open_regions].sum()
    return targets


class Division:
    """The municipality codes of a year as integers, with the old codes of merged municipalities."""

    def __init__(self, year: int):
        """Weight municipalities by inhabitants, with an extra factor for a centrumgemeente."""
        found = _municipalities_in(year)
        positions = {region.code: i for i, region in enumerate(centrumregios())}
        centres = {region.centrumgemeente_code for region in centrumregios()}
        factor = profile().stays.centrumgemeente_factor
        self._codes = np.array([int(each.code) for each in found], dtype=np.int64)
        self._regions = np.array([positions[each.region_code] for each in found], dtype=np.int64)
        self._choice = GroupedChoice(
            self._regions,
            [_weight(each) * (factor if each.code in centres else 1.0) for each in found],
            region_count(),
        )
        self._set_old_codes(found)

    def _set_old_codes(self, found: list[Municipality]) -> None:
        valid_codes = {each.code for each in found}
        successors: dict[str, set[str]] = {}
        for merger in municipal_mergers():
            if merger.effective_date.year < profile().stays.old_codes_since:
                continue
            successors.setdefault(merger.old_code, set()).add(merger.new_code)
        merged = sorted(
            (next(iter(new)), old)
            for old, new in successors.items()
            if len(new) == 1 and new <= valid_codes and old not in valid_codes
        )
        self._new = np.array(sorted({int(new) for new, _ in merged}), dtype=np.int64)
        self._old = np.array([int(old) for _, old in merged], dtype=np.int64)
        region_of_code = np.full(10_000, -1, dtype=np.int64)
        region_of_code[self._codes] = self._regions
        region_of_code[self._old] = region_of_code[[int(new) for new, _ in merged]]
        self._region_of_code = region_of_code
        weights = np.zeros(10_000)
        np.add.at(weights, [int(new) for new, _ in merged], profile().stays.missing_inhabitants)
        inhabitants = np.ones(10_000)
        inhabitants[self._codes] = [_weight(each) for each in found]
        self._old_share_of_code = np.minimum(weights / inhabitants, 1.0)
        groups = np.searchsorted(self._new, np.array([int(new) for new, _ in merged], dtype=np.int64))
        self._old_choice = GroupedChoice(groups.astype(np.int64), np.ones(len(merged)), len(self._new))
        self.divided_codes = tuple(sorted(int(old) for old, new in successors.items() if len(new) > 1))

    def draw(self, rng: np.random.Generator, region: IntArray) -> IntArray:
        """Draw a municipality code in each region."""
        return self._codes[self._choice.draw(rng, region)]

    def regions_of(self, municipality: IntArray) -> IntArray:
        """Return the region of each code, through its successor if it was merged; -1 if there is none."""
        return self._region_of_code[municipality]

    def old_code_shares(self, municipality: IntArray) -> FloatArray:
        """Return the share of inhabitants from municipalities that merged into this one; 0 without a merger.

        The reference data lack the inhabitants of abolished municipalities: ``missing_inhabitants`` is used for each.
        """
        return self._old_share_of_code[municipality]

    def draw_old_code(self, rng: np.random.Generator, municipality: IntArray) -> IntArray:
        """Draw an old code for each of these merged municipalities."""
        return self._old[self._old_choice.draw(rng, np.searchsorted(self._new, municipality).astype(np.int64))]
