"""The parameters of the invented people and suppliers: shares and lengths, read from ``profile.toml``."""

import csv
import tomllib
from functools import cache
from importlib.resources import files
from io import StringIO

from pydantic import BaseModel, ConfigDict

from dakl_pipeline.reference.methodology import Methodology, default_methodology


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class DemoProfile(_Part):
    """Parameters of the demonstration for which nothing is published."""

    seed: int
    suppliers: int
    persons_2024: int
    yearly_growth: float


class CareProfile(_Part):
    """Care use; shares for people in shelter and others, long-term care by age class."""

    changes_a_year: float
    wmo_share: dict[str, float]
    no_care_record_share: dict[str, float]
    wlz: dict[str, float]


class PeopleProfile(_Part):
    """Ages, sexes, origins and incomes; keys are the categories of the code lists."""

    man_share: dict[str, float]
    max_age: int
    v_number_share: float
    parent_ages: tuple[int, int]
    children_per_family: float
    age_adult: dict[str, float]
    age_other: dict[str, float]
    origin: dict[str, float]
    income: dict[str, dict[str, float]]
    income_europa: dict[str, float]
    care: CareProfile


class TypeProfile(_Part):
    """A type of shelter: its share, lengths of stay (days, log-normal) and number of further stays."""

    code: str
    share: float
    family_share: float
    median_days: float
    sigma: float
    further_stays: float


class StayProfile(_Part):
    """Stays: types, lengths and places."""

    max_days: int
    same_type_share: float
    same_municipality_share: float
    centrumgemeente_factor: float
    missing_inhabitants: int
    old_codes_since: int
    winter_code: str
    winter_median_days: float
    winter_days_of_year: tuple[tuple[int, int], ...]
    types: tuple[TypeProfile, ...]


class DeliveryProfile(_Part):
    """How suppliers record registrations."""

    year_end_date_from_year: int
    later_end_known_share: float
    later_end_known_days: int
    missing_request_share: float
    request_days: float
    missing_end_reason_share: float
    missing_as_nines_share: float
    unknown_municipality_codes: tuple[int, ...]
    end_reason_weights: dict[str, float]
    draft_mistakes_share: float
    earlier_round_mistakes_share: float


class SupplierProfile(_Part):
    """The three kinds of suppliers: their shares and weights."""

    municipality_share: float
    ggd_share: float
    weights: dict[str, float]


class ExampleProfile(_Part):
    """The example that CBS printed: its region, reporting year, file name and data file."""

    region_code: str
    reporting_year: int
    file_name: str
    data_file: str


class Profile(_Part):
    """The whole file."""

    demo: DemoProfile
    people: PeopleProfile
    stays: StayProfile
    delivery: DeliveryProfile
    suppliers: SupplierProfile
    example: ExampleProfile


def text(name: str) -> str:
    """Return the text of a data file beside this module."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def profile() -> Profile:
    """Return the parameters in ``profile.toml``."""
    return Profile.model_validate(tomllib.loads(text("profile.toml")))


@cache
def settings() -> Methodology:
    """Return the default settings of the statistic."""
    return Methodology.model_validate(default_methodology())


@cache
def organisation_names() -> tuple[str, ...]:
    """Return invented names of shelter organisations."""
    return tuple(row["name"] for row in csv.DictReader(StringIO(text("organisation_name.csv"))))
