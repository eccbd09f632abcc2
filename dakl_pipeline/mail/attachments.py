"""The attachments of a mail, small enough to be delivered."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from dakl_pipeline.deliveries.log import Delivery
from dakl_pipeline.intake.refusal import refusal_of

_TYPES = {
    "html": "text/html",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
# A zip file stores a time for each file; a fixed time keeps the bytes reproducible.
_ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Attachment:
    """A file attached to a mail.

    Attributes:
        name: Its name, as used in the text of the mail.
        content: Its bytes.
        is_spare: Whether it can be left out, because another attachment has the same content.
    """

    name: str
    content: bytes
    is_spare: bool = False

    @property
    def media_type(self) -> str:
        """The media type for the mail header."""
        return _TYPES[self.name.rpartition(".")[2]]


def report_names(delivery: Delivery) -> tuple[str, str]:
    """Return the file names of the op-orde report: the page and the workbook."""
    stem = f"op-orde-rapport_{delivery.reporting_year}_{delivery.delivery_id}"
    return f"{stem}.html", f"{stem}.xlsx"


def table_name(delivery: Delivery) -> str:
    """Return the name of the findings table of a rejected file: ``fouten`` only if the file itself has faults."""
    kind = "fouten" if refusal_of(delivery.findings).is_faulty else "bevindingen"
    year = "" if delivery.reporting_year is None else f"_{delivery.reporting_year}"
    return f"{kind}{year}_{delivery.delivery_id}.csv"


def fitting(attachments: Sequence[Attachment], limit: int) -> tuple[Attachment, ...]:
    """Choose the attachments that fit in one mail: all, else those that are not spare, else those zipped, else none.

    Args:
        attachments: The attachments of a mail.
        limit: Maximum total size in bytes.

    Returns:
        The attachments to send; the same arguments give the same attachments.
    """
    needed = tuple(each for each in attachments if not each.is_spare)
    for chosen in (tuple(attachments), needed, tuple(map(_zipped, needed))):
        if sum(len(each.content) for each in chosen) <= limit:
            return chosen
    return ()


def _zipped(attachment: Attachment) -> Attachment:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(attachment.name, _ZIP_MOMENT), attachment.content, zipfile.ZIP_DEFLATED)
    return Attachment(f"{attachment.name.rpartition('.')[0]}.zip", packed.getvalue())
