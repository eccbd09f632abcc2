"""The files under ``deploy/`` by themselves: systemd, Dagster and a container engine can read them."""

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup

from dakl_pipeline.cli.app import app
from resources.config.environment import Environment
from resources.mail.settings import MailSettings, load_mail_settings
from resources.storage.audit_heads import FOLDER_VARIABLE
from tests.support.environment import find_program, installed
from tests.support.services import DEPLOY, UNITS, command, unit

ROOT = DEPLOY.parent
# Out of 100, as `systemd-analyze security` counts: lower is safer.
MOST_EXPOSURE = 15
KEY_FILE = "/etc/dakl/pseudonym.key"


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _settings() -> dict[str, str]:
    lines = (DEPLOY / "dakl.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.fixture
def systemd_analyze() -> str:
    return installed(lambda: find_program("systemd-analyze", package="systemd"))


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_unit_and_finds_it_closed(name: str, systemd_analyze: str, tmp_path: Path) -> None:
    # The programs of this environment replace those of the server, because the programs of a unit must exist.
    programs = f"{Path(sys.executable).parent}/"
    for shipped in UNITS.values():
        text = shipped.read_text(encoding="utf-8").replace("/opt/dakl/bin/", programs)
        (tmp_path / shipped.name).write_text(text, encoding="utf-8")
    path = str(tmp_path / UNITS[name].name)
    verified = subprocess.run([systemd_analyze, "verify", path], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    program = [systemd_analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", path]
    rated = subprocess.run(program, capture_output=True, text=True)
    assert rated.returncode == 0, rated.stdout


def _as_service(
    tmp_path: Path, *arguments: str, programs: Path = Path(sys.executable).parent
) -> "subprocess.CompletedProcess[str]":
    """What sudo runs for an analyst, with the program and folders of this test."""
    (tmp_path / "dakl.env").write_text(f"DAKL_HOME={tmp_path}/home\n", encoding="utf-8")
    text = (DEPLOY / "as-service").read_text(encoding="utf-8")
    for shipped, here in {
        "/etc/dakl/": f"{tmp_path}/",
        "/opt/dakl/bin/": f"{programs}/",
    }.items():
        assert shipped in text
        text = text.replace(shipped, here)
    program = ["/bin/sh", "-c", text, "as-service", *arguments]
    return subprocess.run(program, capture_output=True, text=True)


def test_the_command_of_an_analyst_works_as_the_services_do(tmp_path: Path) -> None:
    assert _as_service(tmp_path, "key", "create").stderr == ""
    assert (tmp_path / "home" / "pseudonym.key").is_file()
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("arguments", [["--home", "/tmp"], ["--home=/tmp"], ["x", "--home", "/tmp"]])
def test_an_analyst_cannot_bring_a_home_with_settings_of_its_own(arguments: list[str], tmp_path: Path) -> None:
    refused = _as_service(tmp_path, "deliveries", *arguments)
    assert refused.returncode == 2
    assert "leave out --home" in refused.stderr


def test_python_takes_no_module_from_the_folder_of_an_analyst(tmp_path: Path) -> None:
    (tmp_path / "dakl").symlink_to("/usr/bin/env")
    assert "PYTHONSAFEPATH=1" in _as_service(tmp_path, programs=tmp_path).stdout.splitlines()


# What holds BSNs or touches the key, and what no server needs.
NOT_FOR_ANALYSTS = {"backup", "restore", "upgrade", "key", "demo", "generate", "ui"}


def test_an_analyst_gets_commands_and_no_shell() -> None:
    program = installed(lambda: find_program("cvtsudoers", package="sudo"))
    read = subprocess.run([program, "-f", "json", str(DEPLOY / "sudoers")], capture_output=True, text=True, check=True)
    rules = json.loads(read.stdout)
    allowed = {
        spec["User_List"][0]["usergroup"]: [
            command.get("command") or command["cmndalias"]
            for each in spec["Cmnd_Specs"]
            for command in each["Commands"]
        ]
        for spec in rules["User_Specs"]
    }
    assert allowed == {
        "dakl-analysts": ["DAKL_ANALYST"],
        "dakl-administrators": ["/usr/local/lib/dakl/as-service"],
    }
    assert {
        user["username"] for spec in rules["User_Specs"] for each in spec["Cmnd_Specs"] for user in each["runasusers"]
    } == {"dakl"}
    words = [each["command"].split() for each in rules["Command_Aliases"]["DAKL_ANALYST"]]
    assert {program for program, *_ in words} == {"/usr/local/lib/dakl/as-service"}
    # Every command is either for analysts or not: a new one needs a decision.
    every = typer.main.get_command(app)
    assert isinstance(every, TyperGroup)
    assert {name for _, name, *_ in words if not name.startswith("--")} | NOT_FOR_ANALYSTS >= every.commands.keys()
    assert not {name for _, name, *_ in words} & NOT_FOR_ANALYSTS


@pytest.mark.parametrize("name", ["webserver", "daemon"])
def test_only_the_service_that_makes_the_runs_sees_the_home_and_the_key(name: str) -> None:
    service, settings = unit(name)["Service"], _settings()
    assert settings["DAKL_PSEUDONYM_KEY_FILE"] == service["InaccessiblePaths"] == KEY_FILE
    assert service["TemporaryFileSystem"] == settings["DAKL_HOME"]
    assert service["BindPaths"] == service["ReadWritePaths"] == settings["DAGSTER_HOME"]


@pytest.mark.parametrize("name", UNITS)
def test_a_service_starts_again_however_it_ended(name: str) -> None:
    """Whoever has the UI can ask the code server to end, which then ends well."""
    assert unit(name)["Service"]["Restart"] == "always"


def test_the_webserver_listens_to_this_machine_only() -> None:
    words = command("webserver")
    assert words[words.index("--host") + 1] == "127.0.0.1"


def test_the_webserver_the_proxy_and_the_settings_agree_on_the_name() -> None:
    names = re.findall(r"server_name (\S+);", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))
    assert {f"https://{name}" for name in names} == {_settings()["DAKL_UI_ADDRESS"]}


@pytest.mark.parametrize("text", [" ".join(command("webserver")), (DEPLOY / "compose.yaml").read_text()])
def test_no_service_starts_the_webserver_of_dagster_itself(text: str) -> None:
    assert "python -P -m dakl_pipeline.webserver" in text
    assert "dagster-webserver" not in text


def test_dagster_of_a_team_differs_from_that_of_one_home_in_what_a_team_needs() -> None:
    own = yaml.safe_load(files("dakl_pipeline.cli").joinpath("dagster.yaml").read_text(encoding="utf-8"))
    team = _yaml(DEPLOY / "dagster.yaml")
    # Only `dakl ui` starts code servers of its own; services that run for months have limits of time.
    differing = {"code_servers", "run_monitoring"}
    assert {name: team.get(name) for name in own if name not in differing} == {
        name: value for name, value in own.items() if name not in differing
    }
    assert "storage" in team


def test_every_variable_that_is_asked_for_is_in_the_settings_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    database = _yaml(DEPLOY / "dagster.yaml")["storage"]["postgres"]["postgres_db"]
    asked = {value["env"] for value in database.values() if isinstance(value, dict)}
    assert database["password"] == {"env": "DAKL_POSTGRES_PASSWORD"}
    read = {f"DAKL_{name.upper()}" for name in (*MailSettings.model_fields, *Environment.model_fields)}
    settings = _settings()
    assert asked <= settings.keys() <= asked | read | {"DAKL_HOME", "DAGSTER_HOME", FOLDER_VARIABLE}
    assert settings["DAKL_POSTGRES_PASSWORD"] == ""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    # An empty variable counts as not set.
    assert load_mail_settings().smtp_host is None


def test_the_location_has_the_same_name_as_everywhere_else() -> None:
    location = _yaml(DEPLOY / "workspace.yaml")["load_from"][0]["grpc_server"]
    words = command("code")
    assert location["location_name"] == words[words.index("--location-name") + 1]
    assert location["location_name"] == _yaml(ROOT / "workspace.yaml")["load_from"][0]["python_module"]["location_name"]
    assert location["socket"] == words[words.index("--socket") + 1]


def _pins(path: Path) -> dict[str, list[str]]:
    """Hashes by name and version."""
    parts = re.split(r"^(?=[a-z0-9])", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {part.split(maxsplit=1)[0]: re.findall(r"sha256:[0-9a-f]{64}", part) for part in parts if "==" in part}


def test_a_server_gets_the_versions_that_are_tested_and_no_tools_of_developers() -> None:
    server, developer = _pins(DEPLOY / "requirements.lock"), _pins(ROOT / "requirements.lock")
    assert server.items() <= developer.items()
    assert all(server.values())
    names = {pin.partition("==")[0] for pin in server}
    assert {"dagster-postgres", "dagster-webserver", "polars"} <= names
    assert not {"pytest", "selenium", "mypy"} & names


def test_the_image_takes_files_that_are_there_and_no_secret() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    copied = [word for line in re.findall(r"^COPY (.+)$", text, flags=re.MULTILINE) for word in line.split()[:-1]]
    assert sorted(copied) == ["dist/dakl_pipeline-*.whl", "requirements.lock", "workspace.yaml"]
    assert [name for name in copied if not name.startswith("dist/") and not (DEPLOY / name).is_file()] == []
    # Every such instruction comes before USER, so nothing runs as root afterwards.
    assert text.index("\nUSER dakl\n") > text.rindex("\nCOPY ")
    assert "KEY" not in text
    assert "PASSWORD" not in text


def test_containers_run_what_the_units_run() -> None:
    services = _yaml(DEPLOY / "compose.yaml")["services"]
    assert set(services) == {*UNITS, "postgres"}
    for name in UNITS:
        words = [word.removeprefix("/opt/dakl/bin/") for word in command(name)]
        # In its container the webserver is reached through a port that is open on the local machine only.
        host = {"127.0.0.1": "0.0.0.0"} if name == "webserver" else {}
        assert services[name]["command"].split() == [host.get(word, word) for word in words]
        assert services[name]["cap_drop"] == ["ALL"]
        has_home = any(str(volume).startswith("/var/lib/dakl:") for volume in services[name]["volumes"])
        assert has_home == ("secrets" in services[name]) == (name == "code")
        # Nothing secret in the checkout.
        assert services[name]["env_file"] == "/etc/dakl/dakl.env"
    assert _yaml(DEPLOY / "compose.yaml")["secrets"]["pseudonym_key"]["file"] == KEY_FILE
    assert [port for service in services.values() for port in service.get("ports", [])] == ["127.0.0.1:3000:3000"]
