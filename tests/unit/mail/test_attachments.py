"""The attachments of a mail: names, and the limit on their size."""

import zipfile
from io import BytesIO

import pytest

from dakl_pipeline.deliveries.log import Delivery
from dakl_pipeline.mail.attachments import Attachment, fitting, report_names, table_name
from tests.support.mail_entries import delivery

PAGE = Attachment("rapport.html", b"<p>" * 1_000)
WORKBOOK = Attachment("rapport.xlsx", bytes(range(250)) * 4, is_spare=True)


@pytest.mark.parametrize(
    ("limit", "names"),
    [
        (4_000, ["rapport.html", "rapport.xlsx"]),
        (3_999, ["rapport.html"]),
        (3_000, ["rapport.html"]),
        (2_999, ["rapport.zip"]),
        (1, []),
    ],
)
def test_what_one_mail_can_carry(limit: int, names: list[str]) -> None:
    chosen = fitting([PAGE, WORKBOOK], limit)
    assert [each.name for each in chosen] == names
    assert chosen == fitting([PAGE, WORKBOOK], limit)
    assert sum(len(each.content) for each in chosen) <= limit


def test_what_is_packed_is_the_file_under_its_own_name() -> None:
    (packed,) = fitting([PAGE], 2_999)
    assert packed.media_type == "application/zip"
    with zipfile.ZipFile(BytesIO(packed.content)) as archive:
        assert archive.namelist() == ["rapport.html"]
        assert archive.read("rapport.html") == PAGE.content


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (delivery(2, approved=False), "fouten_2024_000002.csv"),
        (delivery(2, approved=False, year=None), "fouten_000002.csv"),
        (delivery(2, approved=False, findings={"delivery_window": 1, "code_padded": 2}), "bevindingen_2024_000002.csv"),
        (delivery(2, approved=False, findings={"delivery_window": 1, "no_rows": 1}), "fouten_2024_000002.csv"),
    ],
)
def test_names_of_tables(entry: Delivery, name: str) -> None:
    assert table_name(entry) == name


def test_names_of_reports() -> None:
    assert report_names(delivery(2)) == ("op-orde-rapport_2024_000002.html", "op-orde-rapport_2024_000002.xlsx")
