"""Contracts of the stays, from pseudonymised registration to a stay that is eligible or excluded with a reason."""

import dataframely as dy
import polars as pl

from dakl_pipeline.contracts.columns import Table, lineage, pseudonym, text_from
from dakl_pipeline.reference.code_lists import categories, centrumregios, exclusion_reasons

_REGIONS = [region.code for region in centrumregios()]


def _categories(dimension: str) -> list[str]:
    return [category.category for category in categories() if category.dimension == dimension]


class _Stays(dy.Schema):
    """The columns of every table of stays: one row per delivered registration."""

    year = dy.Int32(primary_key=True, description="Verslagjaar.", metadata=lineage("selected_deliveries.year"))
    supplier_id = dy.String(
        primary_key=True, description="Leverancier.", metadata=lineage("selected_deliveries.supplier_id")
    )
    line_number = dy.UInt32(primary_key=True, description="Regelnummer in het aangeleverde bestand (kopregel = 1).")
    delivery_id = dy.String(
        description="Volgnummer in het aanleverlogboek.", metadata=lineage("selected_deliveries.delivery_id")
    )
    gemeente_code = dy.String(
        regex="^[0-9]{4}$",
        description="Gemeentecode van de opvang, vier cijfers.",
        metadata=lineage("delivered_files.gemeentecode"),
    )
    shelter_type_code = dy.String(
        regex="^[0-9]{4}$", description="Type opvang.", metadata=lineage("delivered_files.type_opvang")
    )
    start_date = dy.Date(description="Eerste dag van de opvang.", metadata=lineage("delivered_files.startdatum"))
    end_date = dy.Date(
        nullable=True,
        description="Laatste dag van de opvang; leeg: onbekend.",
        metadata=lineage("delivered_files.einddatum"),
    )


class PseudonymisedStays(_Stays):
    """A registration with the pseudonyms of its numbers."""

    bsn_status = text_from(
        ["usable", "missing", "fails_eleven_test"],
        description="Of het aangeleverde BSN bruikbaar is (usable), ontbreekt (missing) of de elfproef niet doorstaat.",
        metadata=lineage("delivered_files.bsn"),
    )
    bsn_pseudonym = pseudonym(
        nullable=True,
        description="HMAC-SHA-256 van het BSN; leeg als het niet bruikbaar is.",
        metadata=lineage("delivered_files.bsn"),
    )
    v_number_pseudonym = pseudonym(
        nullable=True,
        description="HMAC-SHA-256 van het V-nummer; leeg als er geen is.",
        metadata=lineage("delivered_files.v_nummer"),
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
        "hier bevat geen enkele tabel nog een van beide nummers. Alleen de kolommen die de statistiek nodig heeft."
    ),
    sensitivity="person",
)


class EnrichedStays(_Stays):
    """A registration with its person and that person's characteristics.

    The pseudonyms of the separate numbers are dropped: from here on there is only the person.
    """

    identified_by = text_from(
        ["bsn", "v_number_linked", "v_number_only", "none"],
        description=(
            "Waarmee de persoon is herkend: bruikbaar BSN, V-nummer met koppeling naar een BSN, V-nummer zonder "
            "koppeling, of niets."
        ),
        metadata=lineage(
            "pseudonymised_stays.bsn_pseudonym",
            "pseudonymised_stays.v_number_pseudonym",
            "v_number_register.v_number_pseudonym",
        ),
    )
    person_pseudonym = pseudonym(
        nullable=True,
        description="De persoon: pseudoniem van het BSN (ook via de koppeling), anders van het V-nummer.",
        metadata=lineage(
            "pseudonymised_stays.bsn_pseudonym",
            "pseudonymised_stays.v_number_pseudonym",
            "v_number_register.bsn_pseudonym",
        ),
    )
    is_in_person_register = dy.Bool(
        description="Of de persoon in het personenregister van het verslagjaar staat.",
        metadata=lineage("person_register.bsn_pseudonym"),
    )
    age = dy.Int32(
        nullable=True,
        min=0,
        description="Leeftijd in hele jaren op 31 december van het verslagjaar; leeg: onbekend.",
        metadata=lineage("person_register.birth_date"),
    )
    age_class = text_from(
        lambda: _categories("leeftijd"), description="Leeftijdsklasse.", metadata=lineage("person_register.birth_date")
    )
    sex = text_from(_categories("geslacht"), description="Geslacht.", metadata=lineage("person_register.sex"))
    origin = text_from(_categories("herkomst"), description="Herkomst.", metadata=lineage("person_register.origin"))
    income_source = text_from(
        _categories("inkomstenbron"),
        description="Belangrijkste inkomstenbron.",
        metadata=lineage("income_register.income_source"),
    )
    wmo = text_from(
        _categories("wmo"),
        description="Of de persoon Wmo-ondersteuning had.",
        metadata=lineage("care_register.wmo", "person_register.bsn_pseudonym"),
    )
    wlz = text_from(
        _categories("wlz"),
        description="Of de persoon Wlz-zorg had.",
        metadata=lineage("care_register.wlz", "person_register.bsn_pseudonym"),
    )

    @dy.rule()
    def person_when_identified(cls) -> pl.Expr:
        """A stay has a person exactly when a number identifies one."""
        return (pl.col("identified_by") != "none") == pl.col("person_pseudonym").is_not_null()


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


class RegionalStays(EnrichedStays):
    """A registration with the centrumregio of its shelter."""

    municipality_status = text_from(
        ["current", "merged", "divided", "unknown"],
        description=(
            "Of de gemeentecode bestaat in de indeling van het verslagjaar (current), naar een opvolger gaat (merged), "
            "naar opvolgers in verschillende regio's (divided) of niet bestaat (unknown)."
        ),
        metadata=lineage("enriched_stays.gemeente_code"),
    )
    region_code = text_from(
        _REGIONS,
        nullable=True,
        description="Centrumregio; leeg als de gemeentecode naar geen regio leidt.",
        metadata=lineage("enriched_stays.gemeente_code"),
    )

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


class StayEligibility(RegionalStays):
    """A registration with its eligibility."""

    exclusion_reason = text_from(
        [reason.reason for reason in exclusion_reasons()],
        nullable=True,
        description="Waarom het verblijf niet meetelt; leeg: het telt mee.",
        metadata=lineage(
            "regional_stays.shelter_type_code",
            "regional_stays.start_date",
            "regional_stays.end_date",
            "regional_stays.region_code",
            "regional_stays.identified_by",
            "regional_stays.age",
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
