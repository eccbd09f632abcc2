"""The format of a backup: a ``.tar.gz`` of plain files, the last of which list and sign the others.

``dakl-backup.json`` lists every file with its size and digest; ``dakl-backup.hmac`` is its signature with the pseudonym
key, if there was one. A backup for recipients is the same archive in an envelope of age: ``.tar.gz.age``.
"""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

ENDING = ".tar.gz"
ENCRYPTED_ENDING = ".tar.gz.age"
MANIFEST = "dakl-backup.json"
SIGNATURE = "dakl-backup.hmac"


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

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    made_at: AwareDatetime
    version: str
    files: dict[str, KeptFile]
