"""What goes with a mail, small enough to arrive."""

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
# A zip carries a moment for each file; a fixed one keeps the bytes the same.
_ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail.

    Attributes:
        name: Its name, by which the text of the mail calls it.
        content: Its bytes.
        is_spare: Whether the mail can do without it: another attachment says the same.
    """

    name: str
    content: bytes
    is_spare: bool = False

    @property
    def media_type(self) -> str:
        """Its kind, as a mail program needs it."""
        return _TYPES[self.name.rpartition(".")[2]]


def report_names(delivery: Delivery) -> tuple[str, str]:
    """The names of the op-orde report as page and as workbook."""
    stem = f"op-orde-rapport_{delivery.reporting_year}_{delivery.delivery_id}"
    return f"{stem}.html", f"{stem}.xlsx"


def table_name(delivery: Delivery) -> str:
    """The name of the table of findings of a rejected file; only a file that has faults is said to have any."""
    kind = "fouten" if refusal_of(delivery.findings).is_faulty else "bevindingen"
    year = "" if delivery.reporting_year is None else f"_{delivery.reporting_year}"
    return f"{kind}{year}_{delivery.delivery_id}.csv"


def fitting(attachments: Sequence[Attachment], limit: int) -> tuple[Attachment, ...]:
    """The attachments that one mail can carry: all, else those that count, else those in a zip, else none.

    Args:
        attachments: What should go with a mail.
        limit: Bytes that all together may have.

    Returns:
        The attachments to send; the same for the same arguments.
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
