"""The bytes of a delivered file, in every allowed shape, and with faults for which it must be rejected."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.oracle.delivered_file import BASIC_SET, COLUMNS

HEADER_VARIANTS = {
    "aanmaakdatum": ("aanmaakdatum", "Aanmaak-Datum", "AANMAAK DATUM", "aanmaak_datum"),
    "gemeentecode": ("gemeentecode", "GemeenteCode", "gemeente code"),
    "bsn": ("bsn", "BSN", "B_S_N"),
    "type_opvang": ("type_opvang", "Type opvang", "TypeOpvang", "type-opvang"),
    "startdatum": ("startdatum", "Start datum", "start__datum"),
    "einddatum": ("einddatum", "Eind-datum", " einddatum "),
    "meldingsdatum": ("meldingsdatum", "Meldings datum"),
    "reden_einde": ("reden_einde", "redeneinde", "Reden Einde"),
    "v_nummer": ("v_nummer", "V-nummer", "vnummer"),
}


@dataclass(frozen=True)
class FirstVersion:
    """A file before it is written: its name, header, rows of text, and how it is encoded."""

    name: str
    year: int
    header: list[str]
    rows: list[list[str]]
    separator: str = ";"
    line_end: str = "\n"
    quoted_share: float = 0.0
    has_bom: bool = False
    ends_with_line_end: bool = True
    encoding: str = "utf-8"

    def content(self, rng: random.Random) -> bytes:
        """The bytes of the file."""
        lines = [
            self.separator.join(f'"{v}"' if rng.random() < self.quoted_share else v for v in line)
            for line in [self.header, *self.rows]
        ]
        text = self.line_end.join(lines) + (self.line_end if self.ends_with_line_end else "")
        return (b"\xef\xbb\xbf" if self.has_bom else b"") + text.encode(self.encoding)


def first_version(
    rng: random.Random, name: str, year: int, rows: list[dict[str, str]], *, is_basic: bool
) -> FirstVersion:
    """A good file with these rows, in one of the allowed shapes; ``is_basic`` omits the optional columns."""
    columns = COLUMNS[:BASIC_SET] if is_basic else COLUMNS
    has_variants = rng.random() < 0.3
    return FirstVersion(
        name=name,
        year=year,
        header=[rng.choice(HEADER_VARIANTS[c]) if has_variants else c for c in columns],
        rows=[[row[c] for c in columns] for row in rows],
        line_end=rng.choice(("\n", "\n", "\r\n")),
        quoted_share=rng.choice((0.0, 0.0, 0.0, 1.0, 0.3)),
        has_bom=rng.random() < 0.3,
        ends_with_line_end=rng.random() < 0.8,
    )


def _value(column: str, text: str) -> Callable[[random.Random, FirstVersion], FirstVersion]:
    """A fault: one value of a column, in a random row, replaced (``{Y}`` and so on are years around the file's)."""

    def inject(rng: random.Random, good: FirstVersion) -> FirstVersion:
        rows = [list(row) for row in good.rows]
        years = {"Y": good.year, "before": good.year - 1}
        rng.choice(rows)[COLUMNS.index(column)] = text.format(**years)
        return replace(good, rows=rows)

    return inject


def _line(change: Callable[[list[str]], list[str]]) -> Callable[[random.Random, FirstVersion], FirstVersion]:
    """A fault: a random line changed in its number of fields."""

    def inject(rng: random.Random, good: FirstVersion) -> FirstVersion:
        rows = [list(row) for row in good.rows]
        at = rng.randrange(len(rows))
        rows[at] = change(rows[at])
        return replace(good, rows=rows)

    return inject


def _intact(change: Callable[[FirstVersion], FirstVersion]) -> Callable[[random.Random, FirstVersion], FirstVersion]:
    """A fault of the whole file."""
    return lambda rng, good: change(good)


# Faults in the first six columns, which every file has.
DEFECTS: dict[str, Callable[[random.Random, FirstVersion], FirstVersion]] = {
    "no creation date": _value("aanmaakdatum", ""),
    "no municipality": _value("gemeentecode", ""),
    "no type": _value("type_opvang", ""),
    "no start date": _value("startdatum", ""),
    "date that does not exist": _value("startdatum", "{Y}-02-30"),
    "29 February of a common year": _value("einddatum", "2023-02-29"),
    "day and month swapped": _value("startdatum", "{Y}-30-11"),
    "swapped end of another year": _value("einddatum", "{before}-31-12"),
    "short date": _value("startdatum", "{Y}-1-5"),
    "date with slashes": _value("einddatum", "{Y}/01/05"),
    "date with a time": _value("aanmaakdatum", "{Y}-01-05 00:00"),
    "year zero": _value("startdatum", "0000-01-01"),
    "letter in the BSN": _value("bsn", "12345678X"),
    "seven digits of BSN": _value("bsn", "1234567"),
    "ten digits of BSN": _value("bsn", "1234567890"),
    "BSN with dots": _value("bsn", "123.456.78"),
    "blank instead of a BSN": _value("bsn", " "),
    "five digits of municipality": _value("gemeentecode", "00141"),
    "letter in the municipality": _value("gemeentecode", "014A"),
    "day shelter": _value("type_opvang", "0202"),
    "type of shelter unknown": _value("type_opvang", "0401"),
    "special character": _value("gemeentecode", "014é"),
    "digits of another script": _value("bsn", "١٢٣٤٥٦٧٨٢"),
    "unclosed quote": _value("bsn", '"123456782'),
    "a field too many": _line(lambda row: [*row, ""]),
    "a field too few": _line(lambda row: row[:-1]),
    "blank line": _intact(lambda good: replace(good, rows=[[], *good.rows])),
    "no rows": _intact(lambda good: replace(good, rows=[])),
    "no header": _intact(lambda good: replace(good, header=good.rows[0])),
    "columns in another order": _intact(
        lambda good: replace(good, header=[good.header[1], good.header[0], *good.header[2:]])
    ),
    "one column more": _intact(
        lambda good: replace(good, header=[*good.header, "opmerking"], rows=[[*row, ""] for row in good.rows])
    ),
    "one column less": _intact(lambda good: replace(good, header=good.header[:-1], rows=[r[:-1] for r in good.rows])),
    "comma between the fields": _intact(lambda good: replace(good, separator=",")),
    "UTF-16": _intact(lambda good: replace(good, encoding="utf-16", has_bom=False)),
    "name without J": _intact(lambda good: replace(good, name=good.name.replace("DAKL_J", "DAKL_"))),
    "name of a text file": _intact(lambda good: replace(good, name=good.name.replace(".csv", ".txt"))),
    "name without free text": _intact(lambda good: replace(good, name=f"DAKL_J{good.year}.csv")),
    "year that nobody asks for": _intact(lambda good: replace(good, name=good.name.replace(str(good.year), "2019"))),
}
# Faults in the optional columns.
OPTIONAL_FAULTS: dict[str, Callable[[random.Random, FirstVersion], FirstVersion]] = {
    "request date that does not exist": _value("meldingsdatum", "{Y}-13-01"),
    "reason unknown": _value("reden_einde", "06"),
    "reason without its zero": _value("reden_einde", "1"),
    "nine digits of V-number": _value("v_nummer", "123456789"),
    "eleven digits of V-number": _value("v_nummer", "12345678901"),
    "letter in the V-number": _value("v_nummer", "V123456789"),
}


def with_fault(rng: random.Random, good: FirstVersion) -> FirstVersion:
    """The file with one random fault for which it must be rejected."""
    faults = {**DEFECTS, **OPTIONAL_FAULTS} if len(good.header) == len(COLUMNS) else DEFECTS
    if good.year < 2024 and rng.random() < 0.1:
        return _value("type_opvang", "0305")(rng, good)
    return faults[rng.choice(sorted(faults))](rng, good)
