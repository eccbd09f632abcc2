"""The example that CBS printed in the webinar of 2024, as a delivery of gemeente Almelo."""

import csv
from functools import cache
from io import StringIO

from dakl_pipeline.reference.code_lists import centrumregios
from dakl_pipeline.synthetic.profile import profile, settings, text
from dakl_pipeline.synthetic.suppliers import municipality_supplier_id


def example_supplier_id() -> str:
    """Return the id of the centrumgemeente that delivers the example."""
    code = profile().example.region_code
    return next(municipality_supplier_id(each) for each in centrumregios() if each.code == code)


@cache
def example_files() -> tuple[bytes, bytes]:
    """Return a first version without the last registration, and the example itself."""
    lines = text(profile().example.data_file).splitlines(keepends=True)
    return "".join(lines[:-1]).encode("ascii"), "".join(lines).encode("ascii")


@cache
def example_bsns() -> tuple[int, ...]:
    """Return the distinct BSNs of the example, as integers; the registers must contain them."""
    rows = csv.DictReader(StringIO(text(profile().example.data_file)), delimiter=";")
    missing = {"", *settings().missing_bsn_values}
    return tuple(sorted({int(row["bsn"]) for row in rows if row["bsn"] not in missing}))
