"""The plan of a synthetic population: size, years, regions and the share of every hard case."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dakl_pipeline.reference.code_lists import centrumregios, delivery_rounds
from dakl_pipeline.synthetic.profile import profile

Share = Annotated[float, Field(ge=0, le=0.5)]
Count = Annotated[int, Field(ge=1)]


class HardCases(BaseModel):
    """The frequency of each case that makes counting hard; every share is between 0 and 0.5.

    Attributes:
        several_regions: counted people with stays in a second region (unless the plan gives every region a size).
        several_suppliers: further stays at another supplier of the region.
        double_registration: stays that a second supplier of the region delivers too.
        returning: people who come back in the next year, besides those who are still in shelter.
        minors: people under 18 with a parent in shelter, in years that count everyone.
        minors_slipped_in: the same, delivered by mistake in years that count adults only.
        v_linked: counted people delivered by V-number only, which the register links to a BSN.
        v_unlinked: further people delivered by V-number only, without a link.
        unidentified: further people delivered without any number.
        winter_only: further people with only winteropvang; ``winter_stay``: counted people who also have such a stay.
        missing_bsn: rows without the BSN of a known person.
        wrong_bsn: rows with a BSN that fails the eleven test.
        unknown_municipality: rows with a code that leads to no region.
        merged_municipality: rows of a successor municipality that still carry the old code.
        end_before_start: rows that end before they start; ``outside_year``: rows that do not touch the year.
        request_after_start: rows with a request after the start; ``unknown_end``: ended stays without an end date.
        duplicate_row: rows delivered twice in the same file.
        not_in_person_register: people in shelter who are not in the person register; ``not_in_income_register``:
            people with a known BSN without an income record; ``other_people``: people in the registers who are in no
            shelter, relative to those who are.
        basic_columns: suppliers that deliver only the six basic columns. Likewise for ``crlf``, ``byte_order_mark``,
            ``quotes``, ``stripped_zeros`` (BSN and codes) and ``year_end_literal`` (``<year>-31-12``).
        correction: files that follow an approved file with mistakes.
        rejected_first: files that follow a rejected file; ``rejected_later``: files followed by a rejected file.
        not_redelivered: suppliers that do not deliver a year again in a later round.
        withdrawals: number of withdrawals, each of one supplier and year.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    several_regions: Share = 0.03
    several_suppliers: Share = 0.25
    double_registration: Share = 0.05
    returning: Share = 0.25
    minors: Share = 0.12
    minors_slipped_in: Share = 0.005
    v_linked: Share = 0.015
    v_unlinked: Share = 0.015
    unidentified: Share = 0.04
    winter_only: Share = 0.015
    winter_stay: Share = 0.03
    missing_bsn: Share = 0.02
    wrong_bsn: Share = 0.005
    unknown_municipality: Share = 0.003
    merged_municipality: Share = 0.25
    end_before_start: Share = 0.003
    outside_year: Share = 0.005
    request_after_start: Share = 0.005
    unknown_end: Share = 0.03
    duplicate_row: Share = 0.004
    not_in_person_register: Share = 0.015
    not_in_income_register: Share = 0.03
    other_people: Share = 0.2
    basic_columns: Share = 0.08
    crlf: Share = 0.3
    byte_order_mark: Share = 0.2
    quotes: Share = 0.12
    stripped_zeros: Share = 0.08
    year_end_literal: Share = 0.15
    correction: Share = 0.1
    rejected_first: Share = 0.1
    rejected_later: Share = 0.06
    not_redelivered: Share = 0.05
    withdrawals: Annotated[int, Field(ge=0)] = 2


class PopulationPlan(BaseModel):
    """A synthetic population: the same plan always gives the same bytes.

    Attributes:
        seed: seed of all random streams.
        years: reporting years, each in at least one collection round.
        persons: number of people with an eligible stay in the country, for every year or by year.
        suppliers: number of suppliers; with a calibration at least one for each region.
        calibration: by year, the regions that take part, each with its number of people, or None to follow inhabitants.
            Without a calibration the largest regions take part, as many as there are municipalities among suppliers.
        hard_cases: the frequency of hard cases.
        is_cbs_example_included: whether gemeente Almelo delivers the example printed in the webinar of 2024.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    seed: Annotated[int, Field(ge=0)] = 1
    years: Annotated[tuple[int, ...], Field(min_length=1)]
    persons: Count | dict[int, Count]
    suppliers: Count
    calibration: dict[int, dict[str, Count | None]] | None = None
    hard_cases: HardCases = HardCases()
    is_cbs_example_included: bool = False

    @model_validator(mode="after")
    def _check_possible(self) -> "PopulationPlan":
        in_rounds = {year for each in delivery_rounds() for year in each.reporting_years}
        if len(set(self.years)) != len(self.years) or list(self.years) != sorted(self.years):
            raise ValueError("years: each year once, in order")
        if missing := sorted(set(self.years) - in_rounds):
            raise ValueError(f"years: no round of delivery for {missing}; there are rounds for {sorted(in_rounds)}")
        if isinstance(self.persons, dict) and set(self.persons) != set(self.years):
            raise ValueError("persons: a number for each year, and for no other year")
        if self.calibration is not None:
            self._check_calibration(self.calibration)
        example = profile().example
        if self.is_cbs_example_included and (
            self.calibration is None or example.region_code not in self.calibration.get(example.reporting_year, {})
        ):
            raise ValueError("is_cbs_example_included: its region must be among those given for its year")
        return self

    def _check_calibration(self, calibration: dict[int, dict[str, int | None]]) -> None:
        if set(calibration) != set(self.years):
            raise ValueError("calibration: regions for each year, and for no other year")
        known = {region.code for region in centrumregios()}
        used = {code for regions in calibration.values() for code in regions}
        if not used <= known or not all(calibration.values()):
            raise ValueError("calibration: at least one region for each year, and only existing regions")
        if self.suppliers < len(used):
            raise ValueError(f"suppliers: {len(used)} regions need at least as many suppliers")
        for year, regions in calibration.items():
            fixed = [persons for persons in regions.values() if persons is not None]
            total = self.persons_in(year)
            if (sum(fixed) > total * (1 + self.hard_cases.several_regions)) or max(fixed, default=0) > total:
                raise ValueError(f"calibration: the regions of {year} have more people than the country")
            if len(fixed) == len(regions) and sum(fixed) < total:
                raise ValueError(f"calibration: the regions of {year} have fewer people than the country")

    def persons_in(self, year: int) -> int:
        """Return the planned number of people with an eligible stay in the country in this year."""
        return self.persons[year] if isinstance(self.persons, dict) else self.persons
