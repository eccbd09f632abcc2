"""The format of a backup: one ``.tar.gz`` of plain files, the last of which lists the others with their digests."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

ENDING = ".tar.gz"
MANIFEST = "dakl-backup.json"


class KeptFile(BaseModel):
    """A file of a backup.

    Attributes:
        sha256: Digest of its content.
        size: Its size in bytes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Manifest(BaseModel):
    """The list of the files in a backup.

    Attributes:
        made_at: When it was started: it holds everything that was logged before.
        version: Version of the program that made it.
        files: Every file, by its path within the home.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_at: AwareDatetime
    version: str
    files: dict[str, KeptFile]
