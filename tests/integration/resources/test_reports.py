"""Reports and explanations in a home: made from the log alone, reproducible, and written atomically."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dakl_pipeline.deliveries.log import Actor, Delivery
from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.op_orde.explanations import Explanation
from dakl_pipeline.op_orde.report import OpOrdeReport
from resources.config.home import Home
from resources.config.settings import load_methodology
from resources.storage.delivery_store import DeliveryStore
from resources.storage.explanation_store import ExplanationStore
from resources.workflows.opened_home import OpenedHome
from resources.workflows.receive import receive, withdraw
from resources.workflows.write_report import ReportStore
from tests.support.small_home import ANNA, BRAM, delivery, row

MAY, JUNE, JULY = (datetime(2025, month, 1, 10, 0, tzinfo=UTC) for month in (5, 6, 7))
NAMES = ("000001-op-orde.html", "000001-op-orde.json", "000001-op-orde.xlsx")
UNKNOWN = row(gemeente="9999")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    return home


def _deliver(home: Home, *rows: str, at: datetime = MAY, supplier: str = "opvang") -> Delivery:
    entry, _ = receive(
        DeliveryStore(home.deliveries),
        delivery(home.root.parent / "out", "DAKL_J2024_x.csv", *rows),
        supplier_id=supplier,
        received_at=at,
        recorded_at=at,
        actor=Actor("analyst"),
        accept_late=None,
        methodology=load_methodology(home),
    )
    return entry


def _store(home: Home) -> ReportStore:
    return OpenedHome(home).reports


def _explain(home: Home, text: str = "Klopt.", *, year: int = 2024, supplier: str = "opvang") -> Explanation:
    return ExplanationStore(home.deliveries).append(
        lambda sequence: Explanation(
            sequence=sequence,
            supplier_id=supplier,
            reporting_year=year,
            rule="gemeente_unknown",
            text=text,
            recorded_at=MAY,
            recorded_by="analist",
        ),
        actor=Actor("analist"),
    )


def test_the_files_are_in_the_folder_of_year_and_supplier(home: Home) -> None:
    _deliver(home, row())
    written = _store(home).write_latest("opvang", 2024)
    assert sorted(path.name for path in written.paths) == list(NAMES)
    assert {path.parent for path in written.paths} == {home.reports / "2024" / "opvang"}
    assert sorted(path.name for path in (home.reports / "2024" / "opvang").iterdir()) == list(NAMES)
    assert OpOrdeReport.model_validate_json(written.paths[2].read_bytes()) == written.report
    assert sorted(written.report.files) == list(NAMES)


def test_a_report_can_be_made_again_and_is_the_same(home: Home) -> None:
    _deliver(home, row(), UNKNOWN)
    first = {path: path.read_bytes() for path in _store(home).write_latest("opvang", 2024).paths}
    for path in list(first)[:2]:
        path.unlink()
    assert {path: path.read_bytes() for path in _store(home).write_latest("opvang", 2024).paths} == first


@pytest.mark.parametrize(("supplier", "year"), [("opvang", 2023), ("ander", 2024)])
def test_without_an_approved_file_there_is_no_report(home: Home, supplier: str, year: int) -> None:
    _deliver(home, row())
    _deliver(home, row("not a bsn"), supplier="ander")
    assert not _store(home).has_report(supplier, year)
    with pytest.raises(Missing, match="no approved file"):
        _store(home).write_latest(supplier, year)
    assert not home.reports.exists()


def test_previous_is_the_approved_file_before_it_by_time_of_receipt(home: Home) -> None:
    last = _deliver(home, row(), row(BRAM), at=JUNE)
    rejected = _deliver(home, row("not a bsn"), at=MAY.replace(day=20))
    first = _deliver(home, row(), at=MAY)
    _deliver(home, UNKNOWN, at=MAY, supplier="ander")
    assert not rejected.approved
    report = _store(home).write_latest("opvang", 2024).report
    assert report.delivery.delivery_id == last.delivery_id
    assert report.previous is not None
    assert report.previous.delivery.delivery_id == first.delivery_id
    older = _store(home).write(first).report
    assert (older.delivery.delivery_id, older.previous, older.status) == (first.delivery_id, None, "superseded")


def test_a_withdrawn_year_says_so(home: Home) -> None:
    _deliver(home, row())
    assert _store(home).write_latest("opvang", 2024).report.status == "selected"
    withdraw(
        DeliveryStore(home.deliveries),
        supplier_id="opvang",
        year=2024,
        at=JULY,
        recorded_at=JULY,
        actor=Actor("analyst"),
        accept_late=None,
        methodology=load_methodology(home),
    )
    assert _store(home).write_latest("opvang", 2024).report.status == "withdrawn"


def test_times_and_days_are_on_the_dutch_calendar(home: Home) -> None:
    _deliver(home, row(), at=datetime(2025, 6, 17, 22, 30, tzinfo=UTC))
    report = _store(home).write_latest("opvang", 2024).report
    assert report.delivery.received_at.isoformat() == "2025-06-18T00:30:00+02:00"
    assert str(report.correct_until) == "2025-06-18"


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("changed")], ids=["gone", "changed"])
@pytest.mark.parametrize("entry", ["000001", "000002"])
def test_a_report_is_not_made_from_a_file_that_is_not_what_was_received(
    home: Home, entry: str, spoil: Callable[..., Any]
) -> None:
    _deliver(home, row())
    _deliver(home, row(BRAM), at=JUNE)
    spoil(home.deliveries / entry / "DAKL_J2024_x.csv")
    with pytest.raises(Refused, match=entry):
        _store(home).write_latest("opvang", 2024)


def test_an_approval_by_older_rules_that_does_not_stand_is_said(home: Home) -> None:
    entry = _deliver(home, row(kind="0305"))
    folder = home.deliveries / entry.delivery_id
    as_2023 = entry.model_copy(update={"reporting_year": 2023})
    (folder / "entry.json").write_text(as_2023.model_dump_json())
    with pytest.raises(Refused, match="older rules"):
        _store(home).write_latest("opvang", 2023)


def test_an_explanation_is_shown_with_every_later_file_of_that_year(home: Home) -> None:
    _deliver(home, UNKNOWN)
    _explain(home, "Nieuwe locatie.")
    _deliver(home, row(BRAM), UNKNOWN, at=JUNE)
    (finding,) = _store(home).write_latest("opvang", 2024).report.findings
    assert finding.status == "present"
    assert finding.explanation is not None
    assert finding.explanation.text == "Nieuwe locatie."


def test_explanations_of_others_and_other_years_are_not_shown(home: Home) -> None:
    _deliver(home, UNKNOWN)
    _explain(home, year=2023)
    _explain(home, supplier="ander")
    (finding,) = _store(home).write_latest("opvang", 2024).report.findings
    assert finding.explanation is None


def test_explanations_are_kept_in_order_and_none_is_lost(home: Home) -> None:
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda n: _explain(home, f"tekst {n}"), range(12)))
    assert sorted(explanation.sequence for explanation in kept) == list(range(1, 13))
    found = ExplanationStore(home.deliveries).explanations("opvang", 2024)
    assert [explanation.sequence for explanation in found] == list(range(1, 13))
    assert {explanation.text for explanation in found} == {f"tekst {n}" for n in range(12)}
    assert not list(home.deliveries.rglob(".incoming-*"))


def test_explanations_are_no_entries_of_the_delivery_log(home: Home) -> None:
    _deliver(home, UNKNOWN)
    _explain(home)
    assert DeliveryStore(home.deliveries).entry_names() == ["000001"]
    assert _deliver(home, row(ANNA), at=JUNE).delivery_id == "000002"


def test_half_an_explanation_of_a_crash_is_not_seen(home: Home) -> None:
    first = _explain(home)
    folder = home.deliveries / "explanations" / ".incoming-x"
    folder.mkdir()
    (folder / "entry.json").write_text("{")
    assert ExplanationStore(home.deliveries).explanations("opvang", 2024) == [first]
    assert _explain(home).sequence == 2


def test_an_explanation_that_is_not_readable_is_named(home: Home) -> None:
    _explain(home)
    path = home.deliveries / "explanations" / "000001" / "entry.json"
    path.write_text("{}")
    with pytest.raises(Refused, match="entry 000001 of the log of explanations"):
        ExplanationStore(home.deliveries).explanations("opvang", 2024)


def test_an_explanation_that_cannot_be_written_is_refused(home: Home) -> None:
    home.deliveries.mkdir()
    (home.deliveries / "explanations").write_text("in the way")
    with pytest.raises(Refused, match="cannot be written"):
        _explain(home)
