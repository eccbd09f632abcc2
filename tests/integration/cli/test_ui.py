"""``dakl ui`` where it cannot start, and its requirements of runs. Its pages are tested in ``tests/system/browser``."""

import socket
from pathlib import Path

import dagster as dg
import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.cli.landing import landing_path
from dakl_pipeline.cli.origin import LOCATION
from dakl_pipeline.definitions import YEARLY_FIGURES, build_defs
from resources.config.home import Home
from tests.support.small_home import counted_home


def test_port_in_use_is_told_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["ui", "--home", str(tmp_path), "--port", str(port)]) == 1
    told = capfd.readouterr().err
    assert told == f"dakl: port {port} cannot be used (Address already in use): name another with --port\n"
    assert not list(tmp_path.iterdir())


def test_home_that_is_not_there(tmp_path: Path) -> None:
    assert main(["ui", "--home", str(tmp_path / "nowhere")]) == 3


def test_a_run_of_the_command_line_is_one_of_the_location_that_the_ui_shows(tmp_path: Path) -> None:
    """Otherwise the timeline, which is the first page, leaves it out."""
    home = Home(counted_home(tmp_path))
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={".dagster/repository": f"__repository__@{LOCATION}"}))
    assert len(runs) == 3
    for run in runs:
        assert run.remote_job_origin is not None
        shown_as = run.remote_job_origin.repository_origin
        assert (shown_as.code_location_origin.location_name, shown_as.repository_name) == (LOCATION, "__repository__")
        assert (run.remote_job_origin.job_name, run.job_name) == (YEARLY_FIGURES, YEARLY_FIGURES)


def test_the_landing_page_opens_every_group(tmp_path: Path) -> None:
    graph = build_defs(Home(tmp_path)).resolve_asset_graph()
    groups = {graph.get(key).group_name for key in graph.get_all_asset_keys()}
    path, _, opened = landing_path().partition("?expanded=")
    assert path == "/asset-groups"
    assert sorted(opened.split(",")) == sorted(f"global@global:{group}" for group in groups)
