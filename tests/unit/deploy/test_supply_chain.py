"""What a server gets is listed, under licences that fit, and nothing secret goes out."""

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from deploy import secret_scan, supply_chain
from deploy.supply_chain import Component, components, faults, is_allowed, notices, sbom
from tests.support.paths import ROOT

LOCK = """polars==2.1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via
    #   -c requirements.lock
    #   dakl-pipeline (pyproject.toml)
    #   rich
numpy==2.4.0 ; python_full_version < '3.12' \\
    --hash=sha256:cc
    # via polars
numpy==2.5.0 ; python_full_version >= '3.12' \\
    --hash=sha256:dd
    # via polars
rich==15.0.0 \\
    --hash=sha256:ee
    # via dakl-pipeline (pyproject.toml)
"""


def test_the_lock_file_is_read_whole() -> None:
    found = components(LOCK)
    assert [(each.name, each.version, each.hashes, each.needed_by) for each in found] == [
        ("polars", "2.1.0", ["aa", "bb"], ["dakl-pipeline", "rich"]),
        ("numpy", "2.4.0", ["cc"], ["polars"]),
        ("numpy", "2.5.0", ["dd"], ["polars"]),
        ("rich", "15.0.0", ["ee"], ["dakl-pipeline"]),
    ]
    assert found[0].licence == found[3].licence == "MIT"


def test_the_sbom_says_what_needs_what() -> None:
    document = json.loads(sbom(components(LOCK), "1.2.3"))
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["purl"] == "pkg:pypi/dakl-pipeline@1.2.3"
    needs = {each["ref"]: each["dependsOn"] for each in document["dependencies"]}
    assert needs["pkg:pypi/dakl-pipeline@1.2.3"] == ["pkg:pypi/polars@2.1.0", "pkg:pypi/rich@15.0.0"]
    assert needs["pkg:pypi/polars@2.1.0"] == ["pkg:pypi/numpy@2.4.0", "pkg:pypi/numpy@2.5.0"]
    assert {each["bom-ref"] for each in document["components"]} == needs.keys() - {"pkg:pypi/dakl-pipeline@1.2.3"}


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("AGPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT AND Zlib) OR Proprietary", True),
        ("", False),
        ("Other/Proprietary", False),
    ],
)
def test_a_licence_is_on_the_list(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) == allowed
    named = faults([Component("x", "1", [], [], expression)])
    assert bool(named) != allowed


def test_what_is_in_git_is_up_to_date() -> None:
    assert supply_chain.main(["--check"]) == 0
    found = components((ROOT / "deploy" / "requirements.lock").read_text())
    assert len(found) > 50
    assert all(each.name in notices(found) for each in found)


def test_a_build_fetches_nothing_that_is_not_locked() -> None:
    """Every place that installs something requires hashes, or installs what was built here."""
    files = [
        ROOT / "Makefile",
        ROOT / ".ci" / "run",
        ROOT / "deploy" / "Containerfile",
        ROOT / "docs" / "operations.md",
    ]
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "pip install" in line or "pip sync" in line:
                assert "--require-hashes" in line or "--no-deps" in line, f"{path.name}: {line}"
            if "pip wheel" in line or "-m build" in line:
                assert "--no-isolation" in line or "--no-build-isolation" in line, f"{path.name}: {line}"
    locked = (ROOT / "deploy" / "build.lock").read_text()
    assert all(f"\n{name}==" in f"\n{locked}" for name in ("build", "hatchling", "uv"))


# Put together here, so that the check does not find them in this file.
_HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
SECRETS = {
    "a private key": "-----BEGIN EC PRIVATE " + "KEY-----",
    "an age identity": "AGE-SECRET-" + "KEY-1" + "Q" * 58,
    "an access token": "ghp_" + "a1" * 18,
    "a cloud key": "AKIA" + "A1" * 8,
    "a password in an address": "https" + "://me:word@host/",
    "a pseudonym key": _HEX,
    "the home folder of a person": "/home" + "/anna/x",
}


@pytest.mark.parametrize("form", ["DAKL_PSEUDONYM_KEY={}", "key:{}", "key: {}", "'{}'", "{}"])
@pytest.mark.parametrize("key", [_HEX, _HEX.upper()])
def test_a_key_is_found_however_it_is_written(form: str, key: str) -> None:
    assert list(secret_scan.problems("a.txt", form.format(key).encode()))


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found_and_not_repeated(kind: str) -> None:
    said = list(secret_scan.problems("a.txt", f"first\nkey = {SECRETS[kind]}\n".encode()))
    assert said == [f"a.txt, line 2: {kind}"]


@pytest.mark.parametrize(
    "text", [f"--hash=sha256:{_HEX}", f"{_HEX}0", "postgresql://{user}:{word}@host", "/srv/home/x"]
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert list(secret_scan.problems("a.txt", text.encode())) == []


@pytest.mark.parametrize("name", ["pseudonym.key", "x/server.pem", "home/warehouse.duckdb", ".env", "a/id_ed25519"])
def test_files_of_some_names_never_go_out(name: str) -> None:
    assert list(secret_scan.problems(name, b""))


def test_nothing_secret_is_in_git_and_archives_are_looked_into(tmp_path: Path) -> None:
    scan = [sys.executable, str(ROOT / "deploy" / "secret_scan.py")]
    assert subprocess.run(scan, check=False).returncode == 0
    key = SECRETS["a pseudonym key"].encode()
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
        wheel.writestr("dakl/x.txt", key)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("dakl/y.txt")
        member.size = len(key)
        archive.addfile(member, io.BytesIO(key))
    said = subprocess.run(
        [*scan, tmp_path / "a.whl", tmp_path / "a.tar.gz"], capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    assert said.stderr.splitlines() == [
        "dakl/x.txt, line 1: a pseudonym key",
        "dakl/y.txt, line 1: a pseudonym key",
    ]
