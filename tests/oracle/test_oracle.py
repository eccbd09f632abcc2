"""The independent count against counts made by hand."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.oracle.count import Figures, figures, region_of
from tests.oracle.delivered_file import COLUMNS, Row, read_delivered_file, reference_rows
from tests.oracle.population_people import YEARS
from tests.oracle.selection import Event, select

# Numbers that pass the eleven test; written with eight digits, the last one has lost its leading zero.
ANNA, BOB, CEES, DINA = "123456782", "111222333", "100000009", "012345672"
V_ANNA, V_UNKNOWN = "1000000001", "1000000002"
HEADER = ";".join(COLUMNS)


class Home:
    """A folder with registers and deliveries, filled by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []
        for year in YEARS:
            self.registers(year)

    def registers(
        self,
        year: int,
        persons: Sequence[tuple[str, date | None, str | None, str | None]] = (),
        v_numbers: dict[str, str] | None = None,
        income: dict[str, str | None] | None = None,
        care: dict[str, tuple[bool | None, bool | None]] | None = None,
    ) -> None:
        folder = self.folder / "registers" / str(year)
        folder.mkdir(parents=True, exist_ok=True)
        text, flag = pa.string(), pa.bool_()
        tables: dict[str, tuple[list[tuple[str, Any]], list[tuple[Any, ...]]]] = {
            "persons": ([("bsn", text), ("birth_date", pa.date32()), ("sex", text), ("origin", text)], [*persons]),
            "v_numbers": ([("v_number", text), ("bsn", text)], list((v_numbers or {}).items())),
            "income": ([("bsn", text), ("income_source", text)], list((income or {}).items())),
            "care": (
                [("bsn", text), ("wmo", flag), ("wlz", flag)],
                [(bsn, *flags) for bsn, flags in (care or {}).items()],
            ),
        }
        for name, (columns, rows) in tables.items():
            dicts = [dict(zip([column for column, _ in columns], row, strict=True)) for row in rows]
            pq.write_table(pa.Table.from_pylist(dicts, schema=pa.schema(columns)), folder / f"{name}.parquet")

    def deliver(
        self,
        lines: list[str] | bytes,
        *,
        supplier: str = "a",
        at: str = "2024-04-01",
        year: int = 2023,
        late: str | None = None,
    ) -> None:
        path = self.folder / str(len(self.events)) / f"DAKL_J{year}_test.csv"
        path.parent.mkdir(parents=True)
        path.write_bytes(lines if isinstance(lines, bytes) else "\n".join([HEADER, *lines, ""]).encode())
        self.events.append(Event("deliver", supplier, _at(at), path, None, late))

    def withdraw(self, *, at: str, supplier: str = "a", year: int = 2023, late: str | None = None) -> None:
        self.events.append(Event("withdraw", supplier, _at(at), None, year, late))

    def figures(self, year: int = 2023) -> Figures:
        return figures(self.events, self.folder / "registers", year)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text if "T" in text else f"{text}T12:00:00+02:00")


def line(
    bsn: str = ANNA, *, code: str = "0141", type_: str = "0201", start: str = "2023-05-01", end: str = "", v: str = ""
) -> str:
    return f"2024-02-01;{code};{bsn};{type_};{start};{end};;;{v}"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


# --- one file -------------------------------------------------------------------------------------------------------

GOOD = line()
SIX = HEADER.rsplit(";", 3)[0] + "\n" + ";".join(GOOD.split(";")[:6])


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param(f"{HEADER}\n{GOOD}\n", 1, id="good"),
        pytest.param(f"{HEADER}\n{GOOD}", 1, id="no line end at the end"),
        pytest.param(f"\ufeff{HEADER}\r\n{GOOD}\r\n{GOOD}\r\n", 2, id="byte order mark and CRLF"),
        pytest.param(SIX, 1, id="six columns"),
        pytest.param(HEADER.replace("aanmaakdatum", '"Aanmaak-Datum"') + f"\n{GOOD}", 1, id="header in another hand"),
        pytest.param(f"{HEADER}\n" + ";".join(f'"{v}"' for v in GOOD.split(";")), 1, id="quotes"),
        pytest.param(f"{HEADER}\n{line(code='141', type_='201')}", 1, id="lost zeros"),
        pytest.param(f"{HEADER}\n{line(DINA[1:])}", 1, id="eight digits"),
        pytest.param(f"{HEADER}\n{line('123456789')}", 1, id="failing BSN is no technical fault"),
        pytest.param(f"{HEADER}\n{line(code='9999')}", 1, id="unknown municipality is no technical fault"),
        pytest.param(f"{HEADER}\n{line(start='2023-31-12')}", 1, id="end of the year swapped"),
        pytest.param(f"{HEADER}\n{line(start='2022-31-12')}", None, id="end of another year swapped"),
        pytest.param(f"{HEADER}\n{line(start='2023-02-29')}", None, id="no such date"),
        pytest.param(f"{HEADER}\n{line(type_='0305')}", None, id="type of a later year"),
        pytest.param(f"{HEADER}\n{line('1234567')}", None, id="seven digits"),
        pytest.param(f"{HEADER}\n{line('12345678A')}", None, id="letter in BSN"),
        pytest.param(f"{HEADER}\n{line(v='123456789')}", None, id="short V-number"),
        pytest.param(f"{HEADER}\n{line(code='')}", None, id="no municipality"),
        pytest.param(f"{HEADER}\n{line(start='')}", None, id="no start"),
        pytest.param(f"{HEADER}\n{GOOD};", None, id="field too many"),
        pytest.param(f"{HEADER}\n\n{GOOD}", None, id="blank line"),
        pytest.param(f"{HEADER}\n{GOOD.replace('0141', '014é')}", None, id="special character"),
        pytest.param(f"{HEADER}\n{line(chr(34) + ANNA)}", None, id="unclosed quote"),
        pytest.param(f"{HEADER}\n{GOOD.replace(';;;', ';;6;')}", None, id="unknown reason"),
        pytest.param(f"{HEADER}\n", None, id="no rows"),
        pytest.param("", None, id="empty"),
        pytest.param(f"{HEADER};opmerking\n{GOOD};", None, id="column too many"),
        pytest.param("bsn;" + HEADER.replace(";bsn", "") + f"\n{GOOD}", None, id="another order"),
    ],
)
def test_a_file_is_approved_or_not(content: str, rows: int | None, tmp_path: Path) -> None:
    path = tmp_path / "DAKL_J2023_test.csv"
    path.write_text(content, encoding="utf-8", newline="")
    found = read_delivered_file(path)
    assert (None if found is None else len(found)) == rows


@pytest.mark.parametrize(
    ("name", "is_good"),
    [
        ("DAKL_J2023_Almelo.csv", True),
        ("DAKL_J2023_Den Haag v1.2-def.csv", True),
        ("DAKL_J2019_Almelo.csv", False),
        ("DAKL_2023_Almelo.csv", False),
        ("DAKL_J2023_Almelo.txt", False),
        ("DAKL_J2023.csv", False),
    ],
)
def test_the_name_of_a_file_tells_its_year(name: str, is_good: bool, tmp_path: Path) -> None:
    (tmp_path / name).write_text(f"{HEADER}\n{GOOD}")
    assert (read_delivered_file(tmp_path / name) is not None) is is_good


def test_values_are_read_as_the_supplier_meant_them(tmp_path: Path) -> None:
    path = tmp_path / "DAKL_J2023_test.csv"
    path.write_text(f"{HEADER}\n{line(DINA[1:], code='34', type_='301', end='2023-31-12', v=V_ANNA)}")
    assert read_delivered_file(path) == [Row("0034", DINA, "0301", date(2023, 5, 1), date(2023, 12, 31), V_ANNA)]


# --- which delivery counts ------------------------------------------------------------------------------------------

OK, BAD = [GOOD], [line(type_="0999")]


@pytest.mark.parametrize(
    ("steps", "selected"),
    [
        pytest.param([("2024-04-01", OK)], 0, id="one"),
        pytest.param([("2024-04-01", OK), ("2024-05-01", OK)], 1, id="a correction"),
        pytest.param([("2024-05-01", OK), ("2024-04-01", OK)], 0, id="time of receipt, not order of the log"),
        pytest.param([("2024-04-01T12:00:00+02:00", OK), ("2024-04-01T10:00:00+00:00", OK)], 1, id="same instant"),
        pytest.param([("2024-04-01", OK), ("2024-05-01", BAD)], 0, id="a rejected later file"),
        pytest.param([("2024-06-24T23:59:59+02:00", OK)], 0, id="last moment"),
        pytest.param([("2024-06-24T22:00:00+00:00", OK)], None, id="one second later in the Netherlands"),
        pytest.param([("2024-03-03T23:00:00+00:00", OK)], 0, id="first moment in the Netherlands"),
        pytest.param([("2024-03-03T22:59:59+00:00", OK)], None, id="before the first moment"),
        pytest.param([("2024-07-15", OK, "late")], 0, id="late and accepted"),
        pytest.param([("2024-07-15", BAD, "late")], None, id="late and accepted, yet wrong"),
        pytest.param([("2024-02-01", OK, "early")], 0, id="before any round and accepted"),
        pytest.param([("2024-04-01", OK), ("2024-06-26", None)], None, id="withdrawn"),
        pytest.param([("2024-04-01", OK), ("2024-06-29", None)], 0, id="withdrawal out of time"),
        pytest.param([("2024-04-01", OK), ("2024-06-29", None, "late")], None, id="late withdrawal accepted"),
        pytest.param(
            [("2024-04-01", OK), ("2024-06-26", None), ("2025-05-01", OK)], 2, id="a later round counts again"
        ),
        pytest.param([("2024-04-01", OK), ("2025-05-01", OK), ("2024-06-26", None)], 1, id="the same, logged later"),
        pytest.param([("2024-06-26", None), ("2024-06-27", OK, "late")], None, id="after it in the same round"),
        pytest.param([("2024-04-01", OK), ("2025-05-01", OK), ("2025-07-01", None)], None, id="earlier rounds go too"),
        pytest.param([("2024-02-01", OK, "early"), ("2024-01-01", None, "early")], None, id="the round before all"),
        pytest.param([("2024-01-01", None, "early"), ("2024-04-01", OK)], 1, id="the first round after it"),
    ],
)
def test_the_most_recent_approved_file_counts(steps: list[tuple[Any, ...]], selected: int | None, home: Home) -> None:
    for at, lines, *late in steps:
        if lines is None:
            home.withdraw(at=at, late=late[0] if late else None)
        else:
            home.deliver(lines, at=at, late=late[0] if late else None)
    assert select(home.events, 2023) == ({} if selected is None else {"a": selected})


def test_each_supplier_and_year_has_its_own_selection(home: Home) -> None:
    home.deliver(OK, supplier="a", year=2022)
    home.deliver(OK, supplier="a", year=2023)
    home.deliver(OK, supplier="b", year=2023)
    home.withdraw(supplier="b", year=2023, at="2024-06-26")
    assert [select(home.events, year) for year in YEARS] == [{"a": 0}, {"a": 1}, {}]


# --- which stays count ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivered", "is_counted"),
    [
        pytest.param(line(start="2023-12-31"), True, id="starts on 31 December"),
        pytest.param(line(start="2024-01-01"), False, id="starts on 1 January after"),
        pytest.param(line(start="2022-01-01", end="2023-01-01"), True, id="ends on 1 January"),
        pytest.param(line(start="2022-01-01", end="2022-12-31"), False, id="ends on 31 December before"),
        pytest.param(line(start="2001-01-01"), True, id="open"),
        pytest.param(line(start="2023-05-01", end="2023-05-01"), True, id="one day"),
        pytest.param(line(start="2023-05-02", end="2023-05-01"), False, id="ends before it starts"),
        pytest.param(line(type_="0204"), False, id="winteropvang"),
        pytest.param(line(type_="304"), True, id="other type"),
        pytest.param(line(code="9999"), False, id="no region"),
        pytest.param(line(""), False, id="nobody"),
        pytest.param(line("999999999"), False, id="missing"),
        pytest.param(line("000000000"), False, id="zeros"),
        pytest.param(line("123456789"), False, id="fails the eleven test"),
        pytest.param(line(DINA[1:]), True, id="lost zero"),
        pytest.param(line("999999999", v=V_ANNA), True, id="V-number with a link"),
        pytest.param(line("123456789", v=V_UNKNOWN), False, id="V-number without a link"),
    ],
)
def test_a_stay_counts_or_not(delivered: str, is_counted: bool, home: Home) -> None:
    home.registers(2023, v_numbers={V_ANNA: ANNA})
    home.deliver([delivered])
    assert home.figures().counts.get(("NL", "totaal", "totaal"), 0) == int(is_counted)


@pytest.mark.parametrize(
    ("birth", "year", "age_class"),
    [
        (date(2005, 12, 31), 2023, "18-22"),
        (date(2006, 1, 1), 2023, None),
        (date(2006, 12, 31), 2024, "18-22"),
        (date(2007, 1, 1), 2024, "0-17"),
        (date(2024, 12, 31), 2024, "0-17"),
        (date(2000, 12, 31), 2023, "23-27"),
        (date(2001, 1, 1), 2023, "18-22"),
        (date(1995, 6, 1), 2023, "28-39"),
        (date(1984, 1, 1), 2023, "28-39"),
        (date(1983, 12, 31), 2023, "40-49"),
        (date(1973, 12, 31), 2023, "50-64"),
        (date(1959, 1, 1), 2023, "50-64"),
        (date(1958, 12, 31), 2023, "65+"),
        (None, 2023, "onbekend"),
    ],
)
def test_age_is_the_age_on_31_december(birth: date | None, year: int, age_class: str | None, home: Home) -> None:
    home.registers(year, persons=[(ANNA, birth, "vrouw", "nederland")])
    home.deliver([line(start=f"{year}-05-01")], year=year, at="2025-05-01" if year == 2024 else "2024-04-01")
    classes = {category for _, dimension, category in home.figures(year).counts if dimension == "leeftijd"}
    assert classes == ({age_class} if age_class else set())


@pytest.mark.parametrize(
    ("code", "regions"),
    [
        ("0141", ("CR02", "CR02", "CR02")),
        ("9999", (None, None, None)),
        ("0788", (None, None, None)),  # divided over two regions
        ("0457", ("Hilversum", "CR05", "CR05")),
        ("0501", ("Nissewaard", "Nissewaard", "Nissewaard")),
        ("1992", (None, "Nissewaard", "Nissewaard")),  # it did not exist in 2022
        ("1684", ("Oss", "Oss", "Oss")),
        ("0003", ("Groningen", "Groningen", "Groningen")),
    ],
)
def test_the_region_of_a_municipality(code: str, regions: tuple[str | None, ...]) -> None:
    names = {r["name"]: r["code"] for r in reference_rows("centrumregio.csv")}
    assert [region_of(code, year) for year in YEARS] == [names.get(r, r) if r else None for r in regions]


# --- the figures ----------------------------------------------------------------------------------------------------


def test_a_year_counted_by_hand(home: Home) -> None:
    home.registers(
        2023,
        persons=[
            (ANNA, date(1990, 1, 1), "vrouw", "europa"),
            (BOB, date(1950, 1, 1), None, "nederland"),
        ],
        v_numbers={V_ANNA: ANNA},
        income={ANNA: "werk", CEES: "pensioen"},
        care={ANNA: (True, None), CEES: (True, True)},
    )
    home.deliver(
        [
            line(ANNA),
            line(ANNA, code="0163", type_="0301"),  # the same region, another type
            line("", v=V_ANNA, code="0363"),  # Anna in Amsterdam
            line(BOB, type_="0302"),
            line("999999999", v=V_UNKNOWN),
            line("999999999"),
        ],
        supplier="a",
    )
    home.deliver([line(ANNA), line(CEES), line(CEES, code="9999"), line(DINA, type_="0204")], supplier="b")
    found = home.figures()

    almelo = {cell[1:]: persons for cell, persons in found.counts.items() if cell[0] == "CR02"}
    assert almelo == {
        ("totaal", "totaal"): 3,
        ("geslacht", "vrouw"): 1,
        ("geslacht", "onbekend"): 2,
        ("leeftijd", "28-39"): 1,
        ("leeftijd", "65+"): 1,
        ("leeftijd", "onbekend"): 1,
        ("herkomst", "europa"): 1,
        ("herkomst", "nederland"): 1,
        ("herkomst", "onbekend"): 1,
        ("inkomstenbron", "werk"): 1,
        ("inkomstenbron", "onbekend"): 2,  # Cees has a pension, but is not in the person register
        ("wmo", "ja"): 1,
        ("wmo", "nee"): 1,
        ("wmo", "onbekend"): 1,
        ("wlz", "nee"): 1,
        ("wlz", "onbekend"): 2,
        ("ethos", "2"): 2,
        ("ethos", "3"): 2,
        ("type_opvang", "0201"): 2,
        ("type_opvang", "0301"): 1,
        ("type_opvang", "0302"): 1,
    }
    totals = {region: n for (region, dimension, _), n in found.counts.items() if dimension == "totaal"}
    assert totals == {"NL": 3, "CR02": 3, "CR05": 1}
    assert found.coverage == {
        ("NL", "registrations"): 10,
        ("CR02", "registrations"): 8,
        ("CR05", "registrations"): 1,
        ("NL", "counting_registrations"): 7,
        ("CR02", "counting_registrations"): 6,
        ("CR05", "counting_registrations"): 1,
        ("NL", "registrations_without_identifier"): 1,
        ("CR02", "registrations_without_identifier"): 1,
        ("NL", "registrations_without_region"): 1,
        ("NL", "persons_v_number_only"): 1,
        ("CR02", "persons_v_number_only"): 1,
        ("NL", "persons_not_in_register"): 1,
        ("CR02", "persons_not_in_register"): 1,
        ("NL", "persons_in_several_regions"): 1,
        ("NL", "persons_at_several_suppliers"): 1,
        ("CR02", "persons_at_several_suppliers"): 1,
        ("NL", "suppliers"): 2,
        ("CR02", "suppliers"): 2,
        ("CR05", "suppliers"): 1,
    }
    assert found.overlap == {
        ("NL", "a"): (2, 1),
        ("NL", "b"): (2, 1),
        ("CR02", "a"): (2, 1),
        ("CR02", "b"): (2, 1),
        ("CR05", "a"): (1, 1),
    }
    assert found.selected == {"a": 0, "b": 1}
    assert found.registrations == {"a": 6, "b": 4}
