"""Contracts of unique persons and of the statistics made from them."""

import dataframely as dy
import polars as pl

from dakl_pipeline.contracts.columns import REGION_PATTERN, SUPPLIER_PATTERN, Table, lineage, personal, pseudonym
from dakl_pipeline.contracts.stays import StayEligibility
from dakl_pipeline.reference.code_lists import categories, coverage_measures

_YEAR = "Verslagjaar."
_REGION = "Centrumregio, of NL voor het hele land."


def _same_as_stays(column: str) -> dy.Column:
    """A characteristic of a person: the column of ``stays.eligibility``, with that column as its lineage."""
    allowed = StayEligibility.columns()[column]
    assert isinstance(allowed, dy.String)
    return dy.String(
        check=allowed.check, description=allowed.description, metadata=personal(f"stay_eligibility.{column}")
    )


class _Persons(dy.Schema):
    """The columns of every table of persons: a region, or the country, and a person."""

    year = dy.Int32(primary_key=True, description=_YEAR, metadata=lineage("stay_eligibility.year"))
    region_code = dy.String(
        primary_key=True, regex=REGION_PATTERN, description=_REGION, metadata=personal("stay_eligibility.region_code")
    )
    person_pseudonym = pseudonym("stay_eligibility.person_pseudonym", primary_key=True, description="De persoon.")


class UniquePersons(_Persons):
    """One row per person and region, and one per person for the country."""

    has_bsn = dy.Bool(
        description="Of de persoon een BSN heeft (zelf of via het V-nummer); alleen dan telt de persoon mee.",
        metadata=personal("stay_eligibility.identified_by"),
    )
    is_in_person_register = dy.Bool(
        description="Of de persoon in het personenregister van het verslagjaar staat.",
        metadata=personal("stay_eligibility.is_in_person_register"),
    )
    age_class = _same_as_stays("age_class")
    sex = _same_as_stays("sex")
    origin = _same_as_stays("origin")
    income_source = _same_as_stays("income_source")
    wmo = _same_as_stays("wmo")
    wlz = _same_as_stays("wlz")
    region_count = dy.Int32(
        min=1,
        description="Aantal centrumregio's waarin de persoon een verblijf heeft dat meetelt (in het hele land).",
        metadata=personal("stay_eligibility.region_code"),
    )


UNIQUE_PERSONS = Table(
    name="persons.unique",
    asset="unique_persons",
    schema=UniquePersons,
    description=(
        "De verschillende personen met een verblijf dat meetelt, ontdubbeld over leveranciers, gemeenten en "
        "verblijven: één rij per persoon en regio, en één per persoon voor het hele land (NL)."
    ),
    sensitivity="person",
)


class PersonShelterTypes(_Persons):
    """One row per person, region and type of shelter."""

    shelter_type_code = dy.String(
        primary_key=True,
        regex="^[0-9]{4}$",
        description="Type opvang van een verblijf dat meetelt.",
        metadata=personal("stay_eligibility.shelter_type_code"),
    )


PERSON_SHELTER_TYPES = Table(
    name="persons.shelter_types",
    asset="person_shelter_types",
    schema=PersonShelterTypes,
    description="De typen opvang van elke persoon, per regio en voor het hele land (NL).",
    sensitivity="person",
)


class PersonSuppliers(_Persons):
    """One row per person, region and supplier."""

    supplier_id = dy.String(
        primary_key=True,
        regex=SUPPLIER_PATTERN,
        description="Leverancier van een verblijf dat meetelt.",
        metadata=personal("stay_eligibility.supplier_id"),
    )


PERSON_SUPPLIERS = Table(
    name="persons.suppliers",
    asset="person_suppliers",
    schema=PersonSuppliers,
    description="De leveranciers van elke persoon, per regio en voor het hele land (NL).",
    sensitivity="person",
)


class UniquePersonCounts(dy.Schema):
    """One row per cell of one or more persons."""

    year = dy.Int32(primary_key=True, description=_YEAR, metadata=lineage("unique_persons.year"))
    region_code = dy.String(
        primary_key=True, regex=REGION_PATTERN, description=_REGION, metadata=lineage("unique_persons.region_code")
    )
    dimension = dy.String(primary_key=True, description="Dimensie, bijvoorbeeld leeftijd.")
    category = dy.String(
        primary_key=True,
        description="Categorie binnen de dimensie.",
        metadata=lineage(
            "unique_persons.age_class",
            "unique_persons.sex",
            "unique_persons.origin",
            "unique_persons.income_source",
            "unique_persons.wmo",
            "unique_persons.wlz",
            "person_shelter_types.shelter_type_code",
        ),
    )
    persons = dy.Int64(
        min=1,
        description="Aantal verschillende personen met een BSN, exact; alleen voor intern gebruik.",
        metadata=lineage("unique_persons.person_pseudonym", "unique_persons.has_bsn"),
    )

    @dy.rule()
    def category_of_its_dimension(cls) -> pl.Expr:
        """The pair of dimension and category is in the category list."""
        pairs = [f"{c.dimension}|{c.category}" for c in categories()]
        return pl.concat_str("dimension", "category", separator="|").is_in(pairs)


UNIQUE_PERSON_COUNTS = Table(
    name="statistics.unique_person_counts",
    asset="unique_person_counts",
    schema=UniquePersonCounts,
    description=(
        "Aantal verschillende personen in nood- en tijdelijke opvang per regio en verslagjaar, naar kenmerken. Exact, "
        "dus alleen voor intern gebruik; alleen cellen van één of meer personen."
    ),
    sensitivity="internal",
    keeps_history=True,
)


class Coverage(dy.Schema):
    """One row per region and measure."""

    year = dy.Int32(primary_key=True, description=_YEAR, metadata=lineage("stay_eligibility.year"))
    region_code = dy.String(
        primary_key=True, regex=REGION_PATTERN, description=_REGION, metadata=lineage("stay_eligibility.region_code")
    )
    measure = dy.String(
        primary_key=True,
        check={"allowed": lambda column: column.is_in([m.measure for m in coverage_measures()])},
        description="Wat er is geteld; zie de lijst van dekkingsmaten.",
    )
    value = dy.Int64(
        min=0,
        description="Aantal.",
        metadata=lineage(
            "stay_eligibility.exclusion_reason",
            "stay_eligibility.identified_by",
            "stay_eligibility.supplier_id",
            "person_suppliers.supplier_id",
            "unique_persons.has_bsn",
            "unique_persons.is_in_person_register",
            "unique_persons.region_count",
        ),
    )


COVERAGE = Table(
    name="statistics.coverage",
    asset="coverage",
    schema=Coverage,
    description=(
        "Waarop de aantallen rusten, per regio en landelijk: aangeleverde en meetellende registraties, en wat er niet "
        "mee kon tellen."
    ),
    sensitivity="internal",
    keeps_history=True,
)


class SupplierOverlap(dy.Schema):
    """One row per region and supplier."""

    year = dy.Int32(primary_key=True, description=_YEAR, metadata=lineage("unique_persons.year"))
    region_code = dy.String(
        primary_key=True, regex=REGION_PATTERN, description=_REGION, metadata=lineage("unique_persons.region_code")
    )
    supplier_id = dy.String(
        primary_key=True, description="Leverancier met registraties.", metadata=lineage("stay_eligibility.supplier_id")
    )
    persons = dy.Int64(
        min=0,
        description="Getelde personen met een verblijf bij deze leverancier, naar beneden afgerond op tientallen.",
        metadata=lineage("person_suppliers.supplier_id", "unique_persons.has_bsn"),
    )
    persons_only_here = dy.Int64(
        min=0,
        description=(
            "Daarvan: personen die in deze regio (NL: in het land) bij geen andere leverancier bekend zijn, naar "
            "beneden afgerond op tientallen."
        ),
        metadata=lineage("person_suppliers.supplier_id", "unique_persons.has_bsn"),
    )

    @dy.rule()
    def only_here_is_part(cls) -> pl.Expr:
        """The persons known only here are part of the persons."""
        return pl.col("persons_only_here") <= pl.col("persons")


SUPPLIER_OVERLAP = Table(
    name="statistics.supplier_overlap",
    asset="supplier_overlap",
    schema=SupplierOverlap,
    description=(
        "Hoe de leveranciers van een regio elkaar overlappen: de som van de delen is meer dan het geheel, omdat "
        "dezelfde persoon bij meer leveranciers bekend kan zijn. Afgerond, zodat een bestand van één registratie niets "
        "over die persoon verraadt."
    ),
    sensitivity="internal",
    keeps_history=True,
)
