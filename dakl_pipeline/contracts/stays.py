"""Contracts of the stays, from pseudonymised registration to a stay that is eligible or excluded with a reason."""

import dataframely as dy
import polars as pl

from dakl_pipeline.contracts.columns import (
    SUPPLIER_PATTERN,
    Table,
    lineage,
    personal,
    pseudonym,
    text_from,
)
from dakl_pipeline.privacy.pseudonyms import STAY_ID_LENGTH
from dakl_pipeline.reference.code_lists import categories, centrumregios, exclusion_reasons

_REGIONS = [region.code for region in centrumregios()]


def _categories(dimension: str) -> list[str]:
    return [category.category for category in categories() if category.dimension == dimension]


# What the dates of a stay become as soon as it is pseudonymised: no later rule needs more (monitor rule 5.5).
PERIODS = ("in_year", "starts_after_year", "ended_before_year", "end_before_start")


def _gemeente_code() -> dy.String:
    return dy.String(
        regex="^[0-9]{4}$",
        description="Gemeentecode van de opvang, vier cijfers.",
        metadata=personal("delivered_files.gemeentecode"),
    )


def _period() -> dy.String:
    return text_from(
        PERIODS,
        description=(
            "Of het verblijf in het verslagjaar valt (in_year), of waarom niet. De datums zelf blijven in het bestand."
        ),
        metadata=personal("delivered_files.startdatum", "delivered_files.einddatum"),
    )


def _is_adult() -> dy.Bool:
    return dy.Bool(
        nullable=True,
        description=(
            "Of de persoon op 31 december van het verslagjaar de leeftijd heeft vanaf welke men altijd meetelt; leeg: "
            "onbekend."
        ),
        metadata=personal("person_register.age"),
    )


def _municipality_status() -> dy.String:
    return text_from(
        ["current", "merged", "divided", "unknown"],
        description=(
            "Of de gemeentecode bestaat in de indeling van het verslagjaar (current), naar een opvolger gaat (merged), "
            "naar opvolgers in verschillende regio's (divided) of niet bestaat (unknown)."
        ),
        metadata=personal("enriched_stays.gemeente_code"),
    )


def _region_code() -> dy.String:
    return text_from(
        _REGIONS,
        nullable=True,
        description="Centrumregio; leeg als de gemeentecode naar geen regio leidt.",
        metadata=personal("enriched_stays.gemeente_code"),
    )


class _Stays(dy.Schema):
    """The columns of every table of stays: one row per delivered registration."""

    year = dy.Int32(primary_key=True, description="Verslagjaar.", metadata=lineage("selected_deliveries.year"))
    stay_id = dy.String(
        primary_key=True,
        regex=f"^[0-9a-f]{{{STAY_ID_LENGTH}}}$",
        description=(
            "Kenmerk van de registratie, gemaakt met de sleutel: zonder sleutel leidt het naar geen bestand en geen "
            "regel."
        ),
        metadata=lineage("selected_deliveries.delivery_id", sensitivity="pseudonym"),
    )
    supplier_id = dy.String(
        regex=SUPPLIER_PATTERN, description="Leverancier.", metadata=personal("selected_deliveries.supplier_id")
    )
    shelter_type_code = dy.String(
        regex="^[0-9]{4}$", description="Type opvang.", metadata=personal("delivered_files.type_opvang")
    )


class PseudonymisedStays(_Stays):
    """A registration with the pseudonyms of its numbers, and without its dates and its place in a file."""

    gemeente_code = _gemeente_code()
    period = _period()
    bsn_status = text_from(
        ["usable", "missing", "fails_eleven_test"],
        description="Of het aangeleverde BSN bruikbaar is (usable), ontbreekt (missing) of de elfproef niet doorstaat.",
        metadata=personal("delivered_files.bsn"),
    )
    bsn_pseudonym = pseudonym(
        "delivered_files.bsn", nullable=True, description="HMAC-SHA-256 van het BSN; leeg als het niet bruikbaar is."
    )
    v_number_pseudonym = pseudonym(
        "delivered_files.v_nummer",
        nullable=True,
        description="HMAC-SHA-256 van het V-nummer; leeg als er geen is.",
    )

    @dy.rule()
    def pseudonym_only_of_usable_bsn(cls) -> pl.Expr:
        """A usable BSN has a pseudonym, and any other BSN has none."""
        return (pl.col("bsn_status") == "usable") == pl.col("bsn_pseudonym").is_not_null()


PSEUDONYMISED_STAYS = Table(
    name="stays.pseudonymised",
    asset="pseudonymised_stays",
    schema=PseudonymisedStays,
    description=(
        "Alle registraties uit de geselecteerde bestanden, met een pseudoniem in plaats van BSN en V-nummer. Vanaf "
        "hier bevat geen enkele tabel nog een van beide nummers, een datum of een verwijzing naar een regel van een "
        "bestand. Alleen de kolommen die de statistiek nodig heeft."
    ),
    sensitivity="person",
)


class _PersonStays(_Stays):
    """A registration with its person and that person's characteristics."""

    identified_by = text_from(
        ["bsn", "v_number_linked", "v_number_only", "none"],
        description=(
            "Waarmee de persoon is herkend: bruikbaar BSN, V-nummer met koppeling naar een BSN, V-nummer zonder "
            "koppeling, of niets."
        ),
        metadata=personal(
            "pseudonymised_stays.bsn_pseudonym",
            "pseudonymised_stays.v_number_pseudonym",
            "v_number_register.v_number_pseudonym",
        ),
    )
    person_pseudonym = pseudonym(
        "pseudonymised_stays.bsn_pseudonym",
        "pseudonymised_stays.v_number_pseudonym",
        "v_number_register.bsn_pseudonym",
        nullable=True,
        description="De persoon: pseudoniem van het BSN (ook via de koppeling), anders van het V-nummer.",
    )
    is_in_person_register = dy.Bool(
        description="Of de persoon in het personenregister van het verslagjaar staat.",
        metadata=personal("person_register.bsn_pseudonym"),
    )
    age_class = text_from(
        lambda: _categories("leeftijd"),
        description="Leeftijdsklasse op 31 december van het verslagjaar.",
        metadata=personal("person_register.age"),
    )
    sex = text_from(_categories("geslacht"), description="Geslacht.", metadata=personal("person_register.sex"))
    origin = text_from(_categories("herkomst"), description="Herkomst.", metadata=personal("person_register.origin"))
    income_source = text_from(
        _categories("inkomstenbron"),
        description="Belangrijkste inkomstenbron.",
        metadata=personal("income_register.income_source"),
    )
    wmo = text_from(
        _categories("wmo"),
        description="Of de persoon Wmo-ondersteuning had.",
        metadata=personal("care_register.wmo", "person_register.bsn_pseudonym"),
    )
    wlz = text_from(
        _categories("wlz"),
        description="Of de persoon Wlz-zorg had.",
        metadata=personal("care_register.wlz", "person_register.bsn_pseudonym"),
    )

    @dy.rule()
    def person_when_identified(cls) -> pl.Expr:
        """A stay has a person exactly when a number identifies one."""
        return (pl.col("identified_by") != "none") == pl.col("person_pseudonym").is_not_null()


class EnrichedStays(_PersonStays):
    """A registration with its person. The pseudonyms of the separate numbers are dropped."""

    gemeente_code = _gemeente_code()
    period = _period()
    is_adult = _is_adult()


ENRICHED_STAYS = Table(
    name="stays.enriched",
    asset="enriched_stays",
    schema=EnrichedStays,
    description=(
        "De registraties met de persoon die zij betreffen (een bruikbaar BSN gaat voor een V-nummer; een V-nummer met "
        "koppeling leidt naar het BSN) en de kenmerken uit de registers van het verslagjaar."
    ),
    sensitivity="person",
    extends=PSEUDONYMISED_STAYS,
)


class RegionalStays(_PersonStays):
    """A registration with the centrumregio of its shelter, which replaces the municipality."""

    period = _period()
    is_adult = _is_adult()
    municipality_status = _municipality_status()
    region_code = _region_code()

    @dy.rule()
    def region_when_municipality_known(cls) -> pl.Expr:
        """A stay has a region exactly when its municipality code leads to one."""
        return pl.col("municipality_status").is_in(["current", "merged"]) == pl.col("region_code").is_not_null()


REGIONAL_STAYS = Table(
    name="stays.regional",
    asset="regional_stays",
    schema=RegionalStays,
    description=(
        "De registraties met de centrumregio van de opvang, volgens de gemeentelijke indeling van het verslagjaar. De "
        "code van een opgeheven gemeente gaat naar de opvolger; een onbekende code geeft geen regio."
    ),
    sensitivity="person",
    extends=ENRICHED_STAYS,
)


class StayEligibility(_PersonStays):
    """A registration with its eligibility, which replaces the period and the adulthood."""

    municipality_status = _municipality_status()
    region_code = _region_code()
    exclusion_reason = text_from(
        [reason.reason for reason in exclusion_reasons()],
        nullable=True,
        description="Waarom het verblijf niet meetelt; leeg: het telt mee.",
        metadata=personal(
            "regional_stays.shelter_type_code",
            "regional_stays.period",
            "regional_stays.region_code",
            "regional_stays.identified_by",
            "regional_stays.is_adult",
        ),
    )

    @dy.rule()
    def eligible_stay_has_region_and_person(cls) -> pl.Expr:
        """An eligible stay has a region and a person."""
        return pl.col("exclusion_reason").is_not_null() | (
            pl.col("region_code").is_not_null() & pl.col("person_pseudonym").is_not_null()
        )


STAY_ELIGIBILITY = Table(
    name="stays.eligibility",
    asset="stay_eligibility",
    schema=StayEligibility,
    description=(
        "Alle registraties met het oordeel of het verblijf meetelt in het verslagjaar, en zo niet: de eerste reden "
        "waarom niet. Er verdwijnt geen enkele rij."
    ),
    sensitivity="person",
    extends=REGIONAL_STAYS,
)
