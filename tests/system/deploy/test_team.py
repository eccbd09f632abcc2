"""A team's deployment as shipped: the services of the units, with the history of runs in a real PostgreSQL server.

It is one test, because starting the services takes longer than everything that follows.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from tests.support import small_home
from tests.support.environment import installed, wait_until
from tests.support.postgres import Postgres, find_postgres, running_postgres
from tests.support.proxy import LOGIN, NAME, Proxy, running_proxy
from tests.support.services import DEPLOY, Team, running_team
from tests.support.small_home import ANNA, BRAM

_LAUNCH = """
mutation Launch($year: String!) {
  launchRun(executionParams: {
    selector: {
      repositoryLocationName: "dakl_pipeline", repositoryName: "__repository__", jobName: "yearly_figures"
    },
    executionMetadata: {tags: [{key: "dagster/partition", value: $year}]},
    mode: "default"
  }) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}
"""
_STATUS = "query Status($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    installed(find_postgres)
    with running_postgres() as server:
        yield server


def test_a_team_runs_years_on_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    home = _home(tmp_path)
    key = home / "pseudonym.key"
    kept = key.rename(tmp_path / "kept.key")
    shared = {**postgres.environment, "DAGSTER_HOME": str(home / "dagster")}
    with_key = {**shared, "DAKL_HOME": str(home), "DAKL_PSEUDONYM_KEY_FILE": str(kept)}
    # The units hide the home and the key from the other two.
    without = {**shared, "DAKL_HOME": str(tmp_path / "hidden"), "DAKL_PSEUDONYM_KEY_FILE": str(tmp_path / "hidden.key")}
    browsed = {**without, "DAKL_UI_ADDRESS": f"https://{NAME}"}

    by_hand = _dakl(["run", "--year", "2024"], with_key)
    assert by_hand.returncode == 0, by_hand.stderr
    assert postgres.rows("select status from runs") == [("SUCCESS",)]

    (home / "registers" / "2022" / "income.parquet").unlink()
    with tempfile.TemporaryDirectory(prefix="dakl-") as short:
        folder = Path(short)
        with running_team(folder, {"code": with_key, "webserver": browsed, "daemon": without}) as team:
            with running_proxy(folder, team.port) as proxy:
                _assert_own_pages_only(proxy)
            good, status_of_good = _run(team, "2023")
            bad, status_of_bad = _run(team, "2022")
            mail = home / "mails" / f"failed-run-{bad}.eml"
            wait_until(mail.exists)
        services = {path.name: path.read_bytes() for path in folder.glob("*.log")}

    assert (status_of_good, status_of_bad) == ("SUCCESS", "FAILURE")
    assert {(good, "2023", "SUCCESS"), (bad, "2022", "FAILURE")} < set(
        postgres.rows("select run_id, partition, status from runs")
    )
    assert postgres.rows("select count(*) > 100 from event_logs") == [(True,)]
    assert postgres.rows("select count(*) > 0 from job_ticks") == [(True,)]
    assert small_home.cells(home, 2023)[("NL", "totaal", "totaal")] == 1
    _assert_mail(mail)
    # The history of runs is not in files.
    assert [path for path in (home / "dagster").rglob("*") if path.suffix in (".db", ".sqlite")] == []
    assert not (tmp_path / "hidden").exists()
    _assert_silent(
        {"password": postgres.password, "key": kept.read_text().strip(), "Anna": ANNA, "Bram": BRAM},
        {
            **services,
            "by hand": (by_hand.stdout + by_hand.stderr).encode(),
            "postgres": postgres.log.read_bytes(),
            "events": str(postgres.rows("select event from event_logs")).encode(),
            "runs": str(postgres.rows("select run_body from runs")).encode(),
            **{str(path): path.read_bytes() for path in _open_files(home)},
        },
    )


def _home(folder: Path) -> Path:
    home = small_home.make_home(folder)
    for year in (2022, 2023, 2024):
        row = small_home.row(ANNA, start=f"{year}-02-01", end=f"{year}-03-01")
        file = small_home.delivery(folder, f"DAKL_J{year}_Almelo.csv", row)
        assert small_home.deliver(home, file, "almelo") == 0
    (home / "dagster").mkdir()
    (home / "dagster" / "dagster.yaml").write_bytes((DEPLOY / "dagster.yaml").read_bytes())
    return home


def _open_files(home: Path) -> Iterator[Path]:
    """All files except those that may hold a number."""
    for path in home.rglob("*"):
        if path.is_file() and path.relative_to(home).parts[0] not in ("deliveries", "registers"):
            yield path


def _dakl(arguments: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    program = str(Path(sys.executable).with_name("dakl"))
    return subprocess.run(
        [program, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, timeout=300
    )


def _run(team: Team, year: str) -> tuple[str, str]:
    """Request a run from the webserver, and wait for its end.

    Returns:
        Its id and its status.
    """
    launched: dict[str, Any] = team.ask(_LAUNCH, year=year)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run_id: str = launched["run"]["runId"]

    def ended() -> str | None:
        status: str = team.ask(_STATUS, id=run_id)["runOrError"]["status"]
        return status if status in _ENDED else None

    return run_id, wait_until(ended)


def _assert_own_pages_only(proxy: Proxy) -> None:
    """Through proxy and guard, the pages of the UI reach Dagster, and nobody else with the same login does."""
    query = json.dumps({"query": "{ assetNodes { id } }"}).encode()
    own = {**LOGIN, "Origin": f"https://{NAME}", "Content-Type": "application/json"}
    assert json.loads(proxy.send("POST", "/graphql", own, query).body)["data"]["assetNodes"]
    assert proxy.websocket("/graphql", {**LOGIN, "Origin": f"https://{NAME}"}) == 101
    assert proxy.send("GET", "/runs", LOGIN).status == 200
    other = {**own, "Origin": "https://wiki.internal"}
    assert proxy.send("POST", "/graphql", other, query).status == 403
    assert proxy.websocket("/graphql", {**LOGIN, "Origin": "https://wiki.internal"}) == 403


def _assert_mail(path: Path) -> None:
    message = message_from_bytes(path.read_bytes(), policy=SMTP)
    assert message["Subject"] == "Mislukt: run van 2022"
    assert path.stat().st_mode & 0o077 == 0


def _assert_silent(secrets: dict[str, str], places: dict[str, bytes]) -> None:
    assert all(places[name] for name in ("code.log", "webserver.log", "daemon.log", "postgres", "events"))
    found = [
        (secret, place) for place, text in places.items() for secret in secrets if secrets[secret].encode() in text
    ]
    assert found == []
