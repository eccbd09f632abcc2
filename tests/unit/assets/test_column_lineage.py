"""The lineage of a column in the UI."""

from assets.framework.column_lineage import column_lineage, describe_column
from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.statistics import UNIQUE_PERSON_COUNTS
from dakl_pipeline.contracts.stays import PSEUDONYMISED_STAYS


def test_one_step_and_the_whole_way() -> None:
    assert describe_column(UNIQUE_PERSON_COUNTS, "region_code") == (
        "Centrumregio, of NL voor het hele land.\n\n"
        "Komt uit [unique_persons.region_code](/assets/unique_persons)  \n"
        "Gaat terug op [delivered_files.gemeentecode](/assets/delivered_files)"
    )


def test_the_whole_way_is_one_step() -> None:
    told = describe_column(PSEUDONYMISED_STAYS, "bsn_pseudonym")
    assert told.endswith("\n\nKomt uit [delivered_files.bsn](/assets/delivered_files)")


def test_column_without_lineage() -> None:
    assert describe_column(SELECTED, "file_name") == "Naam waaronder het bestand is aangeleverd."


def test_as_data() -> None:
    deps = column_lineage(UNIQUE_PERSON_COUNTS).deps_by_column
    assert {(dep.asset_key.to_user_string(), dep.column_name) for dep in deps["persons"]} == {
        ("unique_persons", "person_pseudonym"),
        ("unique_persons", "has_bsn"),
    }
    assert "dimension" not in deps
