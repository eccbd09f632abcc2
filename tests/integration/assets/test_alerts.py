"""The sensor for failed runs, on the history of a real instance: one mail for every failed run, in every case."""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterInstance

from assets.automation.alerts import build_failed_run_alerts
from dakl_pipeline.errors import Missing, Refused
from resources.config.home import Home
from tests.support.smtp import HOST, MailServerForTests

ANALYST = "analist@cbs.internal"
YEARS = dg.StaticPartitionsDefinition(["2023", "2024"])
CANARIES = ("823609571", "93485402", "8317460295")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    folder = tmp_path / "dagster"
    folder.mkdir()
    with DagsterInstance.local_temp(str(folder)) as instance:
        yield instance


@dataclass
class Looks:
    """Successive ticks of the sensor, with its cursor kept as by the daemon."""

    home: Home
    instance: DagsterInstance
    cursor: str | None = None

    def tick(self, *, is_cut_short: bool = False) -> str:
        """One tick.

        Args:
            is_cut_short: Whether the daemon stops before it saves the cursor.
        """
        sensor = build_failed_run_alerts(self.home, time_zone="Europe/Amsterdam")
        with dg.build_sensor_context(self.instance, cursor=self.cursor) as context:
            outcome = sensor(context)
            assert isinstance(outcome, dg.SkipReason)
            if not is_cut_short:
                self.cursor = context.cursor
        return str(outcome.skip_message)


@pytest.fixture
def looks(home: Home, instance: DagsterInstance) -> Looks:
    return Looks(home, instance)


def _fail(
    instance: DagsterInstance,
    error: Exception | None = None,
    *,
    tags: dict[str, str] | None = None,
    fails_check: bool = False,
    resource_error: Exception | None = None,
) -> str:
    """Run one asset that fails in a given way.

    Returns:
        The id of the run.
    """

    @dg.resource
    def key(_: dg.InitResourceContext) -> str:
        if resource_error is not None:
            raise resource_error
        return ""

    @dg.asset(
        partitions_def=YEARS,
        required_resource_keys={"key"},
        check_specs=[dg.AssetCheckSpec("holds", asset="stays")] if fails_check else [],
    )
    def stays(context: dg.AssetExecutionContext) -> Iterator[Any]:
        if fails_check:
            yield dg.AssetCheckResult(passed=False, check_name="holds")
        if error is not None:
            raise error
        yield dg.MaterializeResult()

    run = dg.materialize(
        [stays], instance=instance, resources={"key": key}, partition_key="2024", tags=tags, raise_on_error=False
    )
    return run.run_id


def _mails(home: Home) -> dict[str, EmailMessage]:
    return {
        path.stem.removeprefix("failed-run-"): message_from_bytes(path.read_bytes(), EmailMessage, policy=SMTP)
        for path in home.mails.glob("*.eml")
    }


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def test_every_failed_run_has_one_mail_and_a_good_run_has_none(
    looks: Looks, home: Home, instance: DagsterInstance
) -> None:
    assert looks.tick() == "no run has failed since the last check"
    failed = [_fail(instance, dg.Failure("no good")), _fail(instance, dg.Failure("no good"))]
    _fail(instance)
    assert looks.tick() == "mails made about failed runs: 2"
    assert sorted(_mails(home)) == sorted(failed)
    assert looks.tick() == "no run has failed since the last check"
    later = _fail(instance, dg.Failure("no good"))
    assert looks.tick() == "mails made about failed runs: 1"
    assert sorted(_mails(home)) == sorted([*failed, later])


def test_a_tick_that_was_cut_short_makes_no_second_mail(looks: Looks, home: Home, instance: DagsterInstance) -> None:
    run_id = _fail(instance, dg.Failure("no good"))
    looks.tick(is_cut_short=True)
    made = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in home.mails.iterdir()}
    assert looks.tick() == "no run has failed since the last check"
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in home.mails.iterdir()} == made
    assert list(_mails(home)) == [run_id]


def test_a_mail_that_cannot_be_kept_is_made_by_a_later_tick(
    looks: Looks, home: Home, instance: DagsterInstance
) -> None:
    run_id = _fail(instance, dg.Failure("no good"))
    home.root.mkdir()
    home.mails.write_text("a file in the way of the folder")
    with pytest.raises(OSError, match=r"File exists|Not a directory"):
        looks.tick()
    home.mails.unlink()
    assert looks.tick() == "mails made about failed runs: 1"
    assert list(_mails(home)) == [run_id]


def _own(error: Exception) -> dg.Failure:
    return dg.Failure(str(error), metadata={"exit_code": error.exit_code})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        (
            {"error": _own(Missing("there is no register"))},
            ["Dagster stays", "Letterlijke melding there is no register", "Leg klaar"],
        ),
        ({"error": _own(Refused("the log is broken"))}, ["Dagster stays", "the log is broken", "Verhelp wat"]),
        ({"error": dg.Failure("unexpected ValueError at x.py:3")}, ["x.py:3", "een fout in het programma"]),
        ({"error": dg.Failure("holds: 3 rows do not"), "fails_check": True}, ["3 rows do not", "Verhelp wat"]),
        ({"error": ValueError("a row")}, ["Dagster stays", "unexpected ValueError", "een fout in het programma"]),
        ({"resource_error": Missing("there is no key")}, ["Letterlijke melding there is no key", "Leg klaar"]),
        ({"resource_error": KeyError("a row")}, ["unexpected KeyError", "een fout in het programma"]),
    ],
    ids=["missing", "refused", "unforeseen", "check", "library", "no key", "resource"],
)
def test_what_failed_is_told(
    failing: dict[str, object], said: list[str], looks: Looks, home: Home, instance: DagsterInstance
) -> None:
    run_id = _fail(instance, **failing)  # type: ignore[arg-type]
    looks.tick()
    message = _mails(home)[run_id]
    whole = f"{message['Subject']} {_text(message)}"
    assert [part for part in [*said, "van 2024", run_id] if part not in whole] == []
    assert "a row" not in whole


def test_a_run_whose_process_is_gone(looks: Looks, home: Home, instance: DagsterInstance) -> None:
    run = instance.create_run_for_job(
        dg.Definitions(jobs=[_no_job()]).get_job_def("nothing"), tags={"dagster/partition": "2023"}
    )
    instance.report_run_failed(run, "Run execution process unexpectedly exited with exit code -9")
    looks.tick()
    message = _mails(home)[run.run_id]
    assert message["Subject"] == "Mislukt: run van 2023"
    assert "exit code -9" in _text(message)
    assert "van buitenaf gestopt" in _text(message)


def _no_job() -> dg.JobDefinition:
    @dg.job
    def nothing() -> None:
        pass

    return nothing


@pytest.mark.parametrize(
    ("tags", "said", "unsaid"),
    [
        (
            {".dagster/dakl_attempt": "2", ".dagster/dakl_next_attempt_at": "2025-06-01T11:30:00+00:00"},
            "Dit was poging 2. De volgende poging begint vanzelf op 1 juni 2025 om 13.30 uur",
            "dakl run",
        ),
        ({".dagster/dakl_attempt": "4"}, "Dit was poging 4.", "volgende poging"),
        ({".dagster/dakl_attempt": "x", ".dagster/dakl_next_attempt_at": "soon"}, "dakl run --year 2024", "poging"),
    ],
    ids=["again", "last", "tags by hand"],
)
def test_a_run_that_is_tried_again_says_so(
    tags: dict[str, str], said: str, unsaid: str, looks: Looks, home: Home, instance: DagsterInstance
) -> None:
    run_id = _fail(instance, dg.Failure("no good"), tags=tags)
    looks.tick()
    text = _text(_mails(home)[run_id])
    assert said in text
    assert unsaid not in text


def test_a_mail_is_sent_by_a_later_tick_when_the_server_was_away(
    looks: Looks, home: Home, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_id = _fail(instance, dg.Failure("no good"))
    with MailServerForTests() as server:
        pass
    authority = tmp_path / "authority.pem"
    server.authority.cert_pem.write_to_path(str(authority))
    for name, value in {
        "DAKL_SMTP_HOST": HOST,
        "DAKL_SMTP_PORT": str(server.port),
        "DAKL_SMTP_CA_FILE": str(authority),
        "DAKL_MAIL_ANALYST": ANALYST,
    }.items():
        monkeypatch.setenv(name, value)
    assert "1 mail is waiting: the mail server" in looks.tick()
    with server:
        assert looks.tick() == "no run has failed since the last check"
        looks.tick()
    assert [(r.to, r.message["Message-ID"].startswith(f"<{run_id}@")) for r in server.received] == [((ANALYST,), True)]


def test_no_number_is_in_a_mail(looks: Looks, home: Home, instance: DagsterInstance) -> None:
    good, stripped, v_number = CANARIES
    _fail(instance, dg.Failure(f"row {good};{v_number}"))
    _fail(instance, ValueError(good), tags={".dagster/dakl_attempt": "1"})
    _fail(instance, resource_error=Missing(f"{stripped} {good}"))
    _fail(instance, dg.Failure("no good", metadata={"exit_code": 1, "sample": good}))
    looks.tick()
    files = [path.read_text(encoding="ascii") for path in home.mails.iterdir()]
    parts = [str(p.get_content()) for m in _mails(home).values() for p in m.iter_parts()]
    headers = [str(value) for m in _mails(home).values() for value in m.values()]
    assert len(_mails(home)) == 4
    assert [canary for canary in CANARIES if canary in "\n".join([*files, *parts, *headers])] == []
