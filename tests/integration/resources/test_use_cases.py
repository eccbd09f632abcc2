"""The use cases of deliveries, as any entry point calls them: the actor is logged, and no failure undoes an entry."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.errors import Missing
from resources.config.home import Home
from resources.workflows.deliver import cancel, deliver, make_missing_mails, withdraw
from resources.workflows.explain_finding import explain_finding
from resources.workflows.opened_home import OpenedHome
from tests.support.small_home import ANNA, delivery, row

MAY = datetime(2025, 5, 12, 10, tzinfo=UTC)
IN_WITHDRAWAL_WINDOW = datetime(2025, 7, 1, 10, tzinfo=UTC)
COORDINATOR = Actor("coordinator@almelo.example")


@pytest.fixture
def home(tmp_path: Path) -> OpenedHome:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    return OpenedHome(home)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return delivery(tmp_path / "out", "DAKL_J2024_x.csv", row(ANNA, gemeente="9999"))


def test_who_acts_is_logged_whatever_the_account_of_the_machine(home: OpenedHome, file: Path) -> None:
    deliver(home, file, supplier_id="almelo", received_at=MAY, now=MAY, actor=COORDINATOR)
    at = IN_WITHDRAWAL_WINDOW
    withdraw(home, supplier_id="almelo", year=2024, at=at, now=at, actor=Actor("b"))
    cancel(home, delivery_id="000002", why="a mistake", now=at, actor=Actor("c"))
    explained = explain_finding(
        home, supplier_id="almelo", year=2024, rule="gemeente_unknown", text="Postadres", now=at, actor=Actor("d")
    )
    assert [entry.recorded_by for entry in home.deliveries.entries()] == [COORDINATOR.account, "b", "c"]
    assert explained.explanation.recorded_by == "d"
    assert explained.explanation.count == 1


def test_a_delivery_has_its_report_and_its_mail(home: OpenedHome, file: Path) -> None:
    delivered = deliver(home, file, supplier_id="almelo", received_at=MAY, now=MAY, actor=COORDINATOR)
    assert delivered.verdict.approved
    assert [path.suffix for path in delivered.follow_up.report] == [".html", ".xlsx", ".json"]
    assert delivered.follow_up.mail is not None
    assert all(path.exists() for path in (*delivered.follow_up.report, delivered.follow_up.mail))
    assert delivered.follow_up.problems == []


def test_a_rejected_file_has_a_mail_and_no_report(home: OpenedHome, tmp_path: Path) -> None:
    wrong = delivery(tmp_path / "out", "DAKL_J2024_x.csv", row("123"))
    delivered = deliver(home, wrong, supplier_id="almelo", received_at=MAY, now=MAY, actor=COORDINATOR)
    assert not delivered.verdict.approved
    assert (delivered.follow_up.report, delivered.follow_up.problems) == ((), [])
    assert delivered.follow_up.mail is not None


def test_what_fails_after_the_log_undoes_nothing_and_is_made_later(home: OpenedHome, file: Path) -> None:
    home.home.reports.write_text("in the way")
    delivered = deliver(home, file, supplier_id="almelo", received_at=MAY, now=MAY, actor=COORDINATOR)
    assert [entry.delivery_id for entry in home.deliveries.entries()] == [delivered.entry.delivery_id]
    assert (delivered.follow_up.report, delivered.follow_up.mail) == ((), None)
    report, mail = delivered.follow_up.problems
    assert "its report was not made" in report
    assert "problem with mail" in mail
    home.home.reports.unlink()
    assert make_missing_mails(home, home.deliveries.entries()) == []
    assert home.mails.path_of(delivered.entry).exists()


def test_nothing_is_kept_of_an_explanation_of_nothing(home: OpenedHome) -> None:
    with pytest.raises(Missing, match="nothing to explain"):
        explain_finding(
            home, supplier_id="almelo", year=2024, rule="gemeente_unknown", text="x", now=MAY, actor=COORDINATOR
        )
    assert home.explanations.explanations("almelo", 2024) == []
