"""The records of what the tables of a year were made from: they make figures traceable and needless reruns avoidable.

A vintage is the state of the figures of a year at one moment.
"""

from collections.abc import Mapping

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

# Name under which a stage records the digest of its register file.
REGISTER_DIGEST = "register_sha256"
# Name under which it records the warnings about that register.
REGISTER_WARNINGS = "register_warnings"
_SHA256 = Field(pattern="^[0-9a-f]{64}$")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class StoredTable(_Record):
    """One year of a table, as it is kept between stages.

    Attributes:
        sha256: Digest of the content.
        rows: Number of rows.
    """

    sha256: str = _SHA256
    rows: int = Field(ge=0)


class StageRecord(_Record):
    """The outcome of a stage for a year, and its inputs.

    Attributes:
        inputs: Everything the outcome depends on, by name: versions, settings, the key id, digests of what it read.
        tables: Its tables, by name.
        rows_in: Number of rows that it received.
        excluded: Number of rows that were excluded, by reason.
        notes: Further details about the run.
        made_at: When it was made.
        run_id: Run of Dagster that made it.
    """

    inputs: dict[str, str]
    tables: dict[str, StoredTable]
    rows_in: int = Field(ge=0)
    excluded: dict[str, int]
    notes: dict[str, int | str]
    made_at: AwareDatetime
    run_id: str


class YearRecord(_Record):
    """The record of a year.

    Attributes:
        year: Reporting year.
        stages: The last good outcome of each stage, by name.
    """

    year: int
    stages: dict[str, StageRecord] = Field(default_factory=dict)

    @property
    def key_id(self) -> str | None:
        """The id of the key that made the pseudonyms; None when no stage has used one."""
        return next((made["key"] for stage in self.stages.values() if "key" in (made := stage.inputs)), None)

    def table(self, name: str) -> StoredTable | None:
        """The table with this name; None when it has not been made."""
        return next((stage.tables[name] for stage in self.stages.values() if name in stage.tables), None)


class Vintage(_Record):
    """The figures of a year as they were from one count to the next.

    Attributes:
        number: Place among the vintages of the year, from 1.
        year: Reporting year.
        counted_at: When the figures were counted.
        run_id: Run of Dagster that counted them.
        reason: Why they were counted, for an analyst.
        versions: Versions of the program, its data and its libraries, by name.
        stages: The outcome of each stage, by name.
    """

    number: int = Field(ge=1)
    year: int
    counted_at: AwareDatetime
    run_id: str
    reason: str
    versions: dict[str, str]
    stages: dict[str, StageRecord]

    @property
    def key_id(self) -> str:
        """Id of the key with which the pseudonyms were made."""
        found = self.record.key_id
        assert found is not None  # a counted year has pseudonyms
        return found

    @property
    def record(self) -> YearRecord:
        """The stages as the record of the year."""
        return YearRecord(year=self.year, stages=self.stages)


def stale_stages(record: YearRecord) -> list[str]:
    """Stages that were not made from the present tables, because only a part of the chain was run again.

    Args:
        record: The year.

    Returns:
        Their names, in the order of the record.
    """
    kept = {name: stored.sha256 for stage in record.stages.values() for name, stored in stage.tables.items()}
    return [
        name
        for name, stage in record.stages.items()
        if any(kept[read] != sha256 for read, sha256 in stage.inputs.items() if read in kept)
    ]


def what_changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Names of the inputs that differ, in the order of the present inputs."""
    return [name for name in {**after, **before} if before.get(name) != after.get(name)]
