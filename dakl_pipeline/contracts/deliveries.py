"""Contracts of the delivered files and of the selected files."""

import dataframely as dy

from dakl_pipeline.contracts.columns import SUPPLIER_PATTERN, Table, lineage, personal

_EXACT, _NUMBER = lineage(sensitivity="exact"), lineage(sensitivity="number")


class DeliveredColumns(dy.Schema):
    """The columns of a delivered file (A1), as a source of lineage; files are checked by ``intake``."""

    aanmaakdatum = dy.String(description="Datum waarop het bestand is aangemaakt.", metadata=lineage())
    gemeentecode = dy.String(description="Gemeentecode van de opvang.", metadata=personal())
    bsn = dy.String(nullable=True, description="BSN; leeg of 999999999 als het onbekend is.", metadata=_NUMBER)
    type_opvang = dy.String(description="Code van het type ingezette opvang.", metadata=personal())
    startdatum = dy.String(description="Eerste dag van de opvang.", metadata=_EXACT)
    einddatum = dy.String(
        nullable=True,
        description="Laatste dag van de opvang; leeg als die onbekend is.",
        metadata=_EXACT,
    )
    meldingsdatum = dy.String(nullable=True, description="Datum van de melding (facultatief).", metadata=_EXACT)
    reden_einde = dy.String(nullable=True, description="Reden van beëindiging (facultatief).", metadata=personal())
    v_nummer = dy.String(
        nullable=True,
        description="V-nummer (facultatief), als het BSN onbekend is.",
        metadata=_NUMBER,
    )


DELIVERED_FILES = "delivered_files"


class SelectedDeliveries(dy.Schema):
    """One row per supplier and reporting year."""

    year = dy.Int32(primary_key=True, description="Verslagjaar.")
    supplier_id = dy.String(
        primary_key=True, regex=SUPPLIER_PATTERN, description="Leverancier die het bestand aanleverde."
    )
    delivery_id = dy.String(regex="^[0-9]{6,}$", unique=True, description="Volgnummer in het aanleverlogboek.")
    file_name = dy.String(description="Naam waaronder het bestand is aangeleverd.")
    received_at = dy.Datetime(time_zone="UTC", time_unit="us", description="Tijdstip van ontvangst (UTC).")
    sha256 = dy.String(regex="^[0-9a-f]{64}$", description="SHA-256 van het ontvangen bestand.")
    registrations = dy.Int64(min=1, description="Aantal registraties in het bestand.")


SELECTED = Table(
    name="deliveries.selected",
    asset="selected_deliveries",
    schema=SelectedDeliveries,
    description=(
        "Welk bestand van welke leverancier telt voor het verslagjaar: het meest recent ontvangen goedgekeurde "
        "bestand dat niet is ingetrokken. Eén rij per leverancier."
    ),
    sensitivity="internal",
    keeps_history=True,
)
