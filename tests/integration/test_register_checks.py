"""Damaged or incomplete person registers: refused or reported, and no persons made from placeholder numbers."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.contracts.registers import REGISTERS, RegisterName, wrong_types
from dakl_pipeline.errors import Refused
from dakl_pipeline.privacy.pseudonyms import PseudonymKey
from dakl_pipeline.reference.code_lists import placeholder_numbers
from dakl_pipeline.reference.delivered_files import NumberKind
from dakl_pipeline.statistics.pseudonymise import pseudonymise_register
from dakl_pipeline.statistics.register_checks import RegisterSize, evaluate_register, profile_register, register_rules
from resources.storage.register_store import RegisterStore
from tests.support.small_home import ANNA, BRAM, cells, deliver, delivery, figures_home, registers, row, run

BY_NAME = {register.name: register for register in REGISTERS}
KEY = PseudonymKey("a" * 64)
COLUMNS: dict[RegisterName, dict[str, object]] = {
    "persons": {"bsn": ANNA, "birth_date": date(1980, 5, 5), "sex": "vrouw", "origin": "nederland"},
    "v_numbers": {"v_number": "9000000001", "bsn": ANNA},
    "income": {"bsn": ANNA, "income_source": "werk"},
    "care": {"bsn": ANNA, "wmo": True, "wlz": False},
}
NAIVE = datetime.fromisoformat("1980-05-05T00:00")
IN_AMSTERDAM = datetime(1980, 5, 5, tzinfo=ZoneInfo("Europe/Amsterdam"))


def _frame(register: RegisterName, **columns: object) -> pl.DataFrame:
    return pl.DataFrame({**COLUMNS[register], **columns})


def _many(register: RegisterName, rows: int = 120, **columns: Any) -> pl.DataFrame:
    """Rows that differ in every column."""
    values: dict[str, list[object]] = {
        "birth_date": [date(1950 + i % 70, 1 + i % 12, 1) for i in range(rows)],
        "sex": ["man", "vrouw"] * (rows // 2),
        "origin": ["nederland", "europa"] * (rows // 2),
        "income_source": ["werk", "bijstand"] * (rows // 2),
        "wmo": [True, False] * (rows // 2),
        "wlz": [True, False] * (rows // 2),
        "bsn": [f"{200_000_000 + i}" for i in range(rows)],
        "v_number": [f"{2_900_000_000 + i}" for i in range(rows)],
    }
    shown = {name: values[name] for name in COLUMNS[register]}
    return pl.DataFrame(shown).with_columns(**columns)


@pytest.mark.parametrize(
    ("register", "column", "series", "said"),
    [
        (
            "persons",
            "birth_date",
            pl.Series([IN_AMSTERDAM.astimezone(UTC)]),
            "birth_date is Datetime and must be a date",
        ),
        ("persons", "birth_date", pl.Series([IN_AMSTERDAM]), "birth_date is Datetime"),
        ("persons", "birth_date", pl.Series([NAIVE]), "birth_date is Datetime"),
        ("persons", "birth_date", pl.Series([NAIVE]).dt.cast_time_unit("ns"), "birth_date is Datetime"),
        ("persons", "birth_date", pl.Series(["1980-05-05"]), "birth_date is String"),
        ("persons", "birth_date", pl.Series([19800505]), "birth_date is Int64"),
        ("persons", "birth_date", pl.Series([29220.0]), "birth_date is Float64"),
        ("persons", "bsn", pl.Series([123456782]), "bsn is Int64 and must be text"),
        ("persons", "bsn", pl.Series([123456782.0]), "bsn is Float64"),
        ("persons", "bsn", pl.Series([ANNA.encode()]), "bsn is Binary"),
        ("persons", "bsn", pl.Series([None], dtype=pl.Null), "bsn is Null"),
        ("persons", "sex", pl.Series([1]), "sex is Int64"),
        ("persons", "sex", pl.Series([True]), "sex is Boolean"),
        ("v_numbers", "v_number", pl.Series([9000000001]), "v_number is Int64"),
        ("income", "income_source", pl.Series([["werk"]]), "income_source is List"),
        ("care", "wmo", pl.Series([1]), "wmo is Int64 and must be true or false"),
        ("care", "wmo", pl.Series(["ja"]), "wmo is String"),
        ("care", "wlz", pl.Series([0.0]), "wlz is Float64"),
    ],
)
def test_a_column_of_another_type_is_refused_by_name(
    register: RegisterName, column: str, series: pl.Series, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "2024" / f"{register}.parquet"
    file.parent.mkdir()
    _frame(register, **{column: series}).write_parquet(file)
    store = RegisterStore(tmp_path)
    with pytest.raises(Refused) as caught:
        store.read(BY_NAME[register], 2024)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)
    assert ANNA not in str(caught.value)
    assert any(said in fault for fault in store.integrity_errors(BY_NAME[register], 2024))


@pytest.mark.parametrize(
    ("register", "column", "series"),
    [
        ("persons", "bsn", pl.Series([ANNA], dtype=pl.Categorical)),
        ("persons", "sex", pl.Series(["vrouw"], dtype=pl.Enum(["vrouw", "man"]))),
        ("persons", "origin", pl.Series([None], dtype=pl.Null)),
        ("care", "wmo", pl.Series([None], dtype=pl.Null)),
    ],
)
def test_a_type_that_loses_nothing_is_read(
    register: RegisterName, column: str, series: pl.Series, tmp_path: Path
) -> None:
    file = tmp_path / "2024" / f"{register}.parquet"
    file.parent.mkdir()
    _frame(register, **{column: series}).write_parquet(file)
    store = RegisterStore(tmp_path)
    assert store.integrity_errors(BY_NAME[register], 2024) == []
    read = store.read(BY_NAME[register], 2024)
    assert read.equals(_frame(register, **{column: series}).cast(read.schema))


def test_the_values_of_a_type_of_categories_are_not_shown() -> None:
    [said] = wrong_types(BY_NAME["care"], {"wmo": pl.Enum([ANNA]), "wlz": pl.Boolean(), "bsn": pl.String()})
    assert ANNA not in said


@pytest.mark.parametrize(
    ("register", "column", "value"),
    [
        ("persons", "bsn", f"{ANNA} "),
        ("persons", "bsn", "12345678"),
        ("persons", "bsn", "12345678２"),
        ("persons", "bsn", ""),
        ("persons", "sex", "vrouw "),
        ("persons", "sex", "Vrouw"),
        ("persons", "origin", "onbekend"),
        ("v_numbers", "v_number", "900000001"),
        ("v_numbers", "v_number", " 9000000001"),
        ("v_numbers", "bsn", None),
        ("income", "income_source", "loon"),
    ],
)
def test_a_value_that_is_not_as_agreed_is_refused_without_showing_it(
    register: RegisterName, column: str, value: str | None
) -> None:
    frame = _frame(register).with_columns(pl.lit(value, dtype=pl.String).alias(column))
    with pytest.raises(Refused, match=rf"breaks its contract \({column}\|.*1 rows\)") as caught:
        pseudonymise_register(frame, BY_NAME[register], year=2024, key=KEY)
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize(
    ("register", "column", "kind"),
    [
        ("persons", "bsn", "bsn"),
        ("income", "bsn", "bsn"),
        ("care", "bsn", "bsn"),
        ("v_numbers", "bsn", "bsn"),
        ("v_numbers", "v_number", "v_number"),
    ],
)
def test_a_placeholder_is_nobody(register: RegisterName, column: str, kind: NumberKind) -> None:
    contract, numbers = BY_NAME[register], sorted(placeholder_numbers(kind))
    nobody = [_frame(register, **{column: number}) for number in numbers]
    # Many rows with one placeholder are not duplicate persons either.
    frame = pl.concat([_frame(register), *nobody, nobody[0]])
    made = pseudonymise_register(frame, contract, year=2024, key=KEY)
    assert made.equals(pseudonymise_register(_frame(register), contract, year=2024, key=KEY))
    profile = profile_register(contract, frame.lazy(), sha256="0" * 64)
    assert profile.placeholders == len(numbers) + 1
    [finding] = [f for f in evaluate_register(contract, profile, {}) if "a placeholder number" in f.found]
    assert finding.severity == "warning"
    assert finding.found.startswith(f"{len(numbers) + 1} of {len(numbers) + 2} rows")
    assert not any(number in finding.found for number in numbers)


OTHER = {2023: RegisterSize(120, "1" * 64)}


@pytest.mark.parametrize(
    ("register", "frame", "others", "found"),
    [
        ("persons", _many("persons"), OTHER, []),
        ("persons", _frame("persons"), {2023: RegisterSize(1, "0" * 64)}, []),
        ("persons", _many("persons").head(0), {}, [("fault", "it has no rows")]),
        ("v_numbers", _many("v_numbers").head(0), {}, [("warning", "it has no rows")]),
        ("income", _many("income").head(0), {}, [("warning", "it has no rows")]),
        ("care", _many("care").head(0), {}, [("warning", "it has no rows")]),
        (
            "persons",
            _many("persons", birth_date=pl.lit(None, pl.Date)),
            {},
            [("fault", "birth_date is empty in all 120 rows")],
        ),
        (
            "persons",
            _many("persons", birth_date=pl.when(pl.int_range(120) < 59).then("birth_date")),
            {},
            [("warning", "birth_date is empty in 61 of 120 rows")],
        ),
        ("persons", _many("persons", birth_date=pl.when(pl.int_range(120) < 61).then("birth_date")), {}, []),
        (
            "persons",
            _many("persons", birth_date=date(1900, 1, 1)),
            {},
            [("warning", "birth_date is the same in all 120 rows")],
        ),
        ("persons", _many("persons", sex=pl.lit("man")), {}, [("warning", "sex is the same in all 120 rows")]),
        (
            "persons",
            _many("persons", origin=pl.lit(None, pl.String)),
            {},
            [("warning", "origin is empty in 120 of 120 rows")],
        ),
        (
            "income",
            _many("income", income_source=pl.lit("werk")),
            {},
            [("warning", "income_source is the same in all 120 rows")],
        ),
        ("care", _many("care", wlz=False), {}, [("warning", "wlz is the same in all 120 rows")]),
        ("care", _frame("care"), {}, []),
        ("persons", _many("persons"), {2022: RegisterSize(240, "2" * 64)}, []),
        (
            "persons",
            _many("persons"),
            {2022: RegisterSize(241, "2" * 64)},
            [("warning", "it has 120 rows, and that of 2022 has 241")],
        ),
        (
            "income",
            _many("income"),
            {2022: RegisterSize(59, "2" * 64)},
            [("warning", "it has 120 rows, and that of 2022 has 59")],
        ),
        (
            "persons",
            _many("persons"),
            {2023: RegisterSize(120, "0" * 64)},
            [("warning", "it is the same file as that of 2023")],
        ),
    ],
)
def test_a_register_that_cannot_be_what_it_should(
    register: RegisterName, frame: pl.DataFrame, others: dict[int, RegisterSize], found: list[tuple[str, str]]
) -> None:
    profile = profile_register(BY_NAME[register], frame.lazy(), sha256="0" * 64)
    findings = evaluate_register(BY_NAME[register], profile, others)
    assert [(finding.severity, finding.found) for finding in findings] == found
    assert all(finding.to_do for finding in findings)


def test_every_rule_is_about_registers_and_columns_that_there_are() -> None:
    names = {name: set(register.source.columns()) for name, register in BY_NAME.items()}
    for rule in register_rules():
        assert set(rule.registers) <= names.keys()
        assert set(rule.columns) <= set().union(*(names[register] for register in rule.registers))


def _change(home: Path, register: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    path = home / "registers" / "2024" / f"{register}.parquet"
    change(pl.read_parquet(path)).write_parquet(path)


def test_a_run_refuses_tells_or_leaves_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = figures_home(tmp_path)
    file = delivery(tmp_path, "DAKL_J2024_a.csv", row(ANNA), row(BRAM))
    assert deliver(home, file, "almelo") == 0
    assert run(home, 2024) == 0
    good = cells(home, 2024)

    # Refused: it is not counted, and the figures stay.
    _change(home, "persons", lambda frame: frame.head(0))
    capsys.readouterr()
    assert run(home, 2024) == 1
    assert "register persons of 2024: it has no rows: ask for a new extraction" in capsys.readouterr().err
    assert cells(home, 2024) == good
    capsys.readouterr()
    assert main(["doctor", "--home", str(home)]) == 1
    assert "persons: it has no rows" in capsys.readouterr().out

    # Reported and left out: the year is counted, and the run prints the warnings.
    registers(home, 2024)
    _change(home, "care", lambda frame: frame.head(0))
    nobody = {"bsn": "999999999", "birth_date": date(1980, 1, 1), "sex": "man", "origin": "europa"}
    _change(home, "persons", lambda frame: pl.concat([frame, pl.DataFrame([nobody, nobody])]))
    assert run(home, 2024) == 0
    told = capsys.readouterr().err
    assert "2024: check register persons: 2 of 6 rows have a placeholder number" in told
    assert "2024: check register care: it has no rows" in told
    assert cells(home, 2024)["NL", "totaal", "totaal"] == 2
    assert main(["doctor", "--home", str(home)]) == 0
    doctor = capsys.readouterr().out
    assert "warning  registers of 2024" in doctor
    assert "999999999" not in told + doctor
