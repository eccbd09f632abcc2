"""Contracts of the delivered files and of the selected files."""

import dataframely as dy

from dakl_pipeline.contracts.columns import Table


class DeliveredColumns(dy.Schema):
    """The columns of a delivered file (A1), as a source of lineage; files are checked by ``intake``."""

    aanmaakdatum = dy.String(description="Datum waarop het bestand is aangemaakt.")
    gemeentecode = dy.String(description="Gemeentecode van de opvang.")
    bsn = dy.String(nullable=True, description="BSN; leeg of 999999999 als het onbekend is.")
    type_opvang = dy.String(description="Code van het type ingezette opvang.")
    startdatum = dy.String(description="Eerste dag van de opvang.")
    einddatum = dy.String(nullable=True, description="Laatste dag van de opvang; leeg als die onbekend is.")
    meldingsdatum = dy.String(nullable=True, description="Datum van de melding (facultatief).")
    reden_einde = dy.String(nullable=True, description="Reden van beëindiging (facultatief).")
    v_nummer = dy.String(nullable=True, description="V-nummer (facultatief), als het BSN onbekend is.")


DELIVERED_FILES = "delivered_files"


class SelectedDeliveries(dy.Schema):
    """One row per supplier and reporting year."""

    year = dy.Int32(primary_key=True, description="Verslagjaar.")
    supplier_id = dy.String(
        primary_key=True, regex="^[a-z0-9][a-z0-9-]{0,63}$", description="Leverancier die het bestand aanleverde."
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
