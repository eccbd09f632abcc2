"""What gets into a backup, and what comes out of one that somebody changed."""

import gzip
import hashlib
import io
import json
import os
import resource
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from tests.attacks.attack import ANNA, Attacks, Target, execute, row

ATTACKS = Attacks()
_LIST = "dakl-backup.json"


def _back_up(target: Target) -> Path:
    file = target.folder / "backup.tar.gz"
    target.run("backup", "--out", file)
    return file


def _contents(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def _changed(file: Path, files: Mapping[str, bytes]) -> Path:
    """The backup with other files, and a list that fits them."""
    contents = {**_contents(file), **files}
    listed = json.loads(contents.pop(_LIST))
    for name, content in files.items():
        listed["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    contents[_LIST] = json.dumps(listed).encode()
    changed = file.with_name("changed.tar.gz")
    with tarfile.open(changed, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return changed


def _restore(target: Target, file: Path) -> Path:
    restored = target.folder / "restored"
    target.run("restore", file, home=restored)
    return restored


@ATTACKS.attack("7g", "a symbolic link in the home puts the key into the backup that says it does not hold it")
def key_by_link(target: Target) -> str | None:
    home = target.make_home(2024)
    target.deliver(target.file("DAKL_J2024_a.csv", row()))
    (home / "deliveries" / "000001" / "DAKL_J2024_b.csv").symlink_to(home / "pseudonym.key")
    key = (home / "pseudonym.key").read_bytes().strip()
    found = [name for name, content in _contents(_back_up(target)).items() if key in content]
    return f"the backup holds the key as {found[0]}" if found else None


@ATTACKS.attack("7h", "a symbolic link in the home puts any readable file into the backup")
def file_by_link(target: Target) -> str | None:
    home = target.make_home(2024)
    secret = target.folder / "of another application"
    secret.write_bytes(b"a password")
    (home / "registers" / "2024" / "notes.txt").symlink_to(secret)
    found = [name for name, content in _contents(_back_up(target)).items() if content == b"a password"]
    return f"the backup holds it as {found[0]}" if found else None


@ATTACKS.attack("7i", "a delivered copy of the key gets into the backup that says it does not hold it")
def delivered_key(target: Target) -> str | None:
    home = target.make_home(2024)
    key = (home / "pseudonym.key").read_bytes().strip()
    target.deliver(target.file("DAKL_J2024_a.csv", row(), key.decode()))
    found = [name for name, content in _contents(_back_up(target)).items() if key in content]
    return f"the backup holds the key in {found[0]}" if found else None


@ATTACKS.attack("8a", "a changed backup runs a command after its restore, by the settings of Dagster")
def settings_run_code(target: Target) -> str | None:
    home, marker = target.make_home(2024), target.folder / "ran"
    target.deliver(target.file("DAKL_J2024_a.csv", row(ANNA)))
    handler = {"class": "subprocess.Popen", "args": ["touch", str(marker)]}
    settings = {"python_logs": {"dagster_handler_config": {"handlers": {"x": handler}}}}
    changed = _changed(_back_up(target), {"dagster/dagster.yaml": json.dumps(settings).encode()})
    restored = _restore(target, changed)
    if restored.exists():
        shutil.copy2(home / "pseudonym.key", restored)
        target.run("run", "--year", "2024", home=restored)
    return "a command of the attacker was run" if marker.exists() else None


@ATTACKS.attack("8b", "a changed backup runs code after its restore, where `python -m` looks first")
def package_runs_code(target: Target) -> str | None:
    target.make_home(2024)
    marker = target.folder / "ran"
    code = f"open({str(marker)!r}, 'w').close()\n".encode()
    restored = _restore(target, _changed(_back_up(target), {"dagster/__init__.py": code}))
    if restored.exists():
        execute([str(target.python), "-m", "dagster", "--version"], cwd=restored)
    return "code of the attacker was run" if marker.exists() else None


@ATTACKS.attack(
    "8c", "a changed backup sends mails to another address, and a restore with the key at hand does not see it"
)
def figures_changed(target: Target) -> str | None:
    home = target.make_home(2024)
    target.deliver(target.file("DAKL_J2024_a.csv", row(ANNA)))
    changed = _changed(_back_up(target), {"coordinators.csv": b"supplier_id;name;email\nx;x;x@attacker.example\n"})
    restored = target.folder / "restored"
    target.run("restore", changed, home=restored, variables={"DAKL_PSEUDONYM_KEY_FILE": str(home / "pseudonym.key")})
    return "mails to suppliers go to the attacker" if (restored / "coordinators.csv").exists() else None


@ATTACKS.attack("11r", "a restore goes through a folder that somebody else made first")
def folder_of_another(target: Target) -> str | None:
    target.make_home(2024)
    file, elsewhere = _back_up(target), target.folder / "of the attacker"
    elsewhere.mkdir(mode=0o777)
    (target.folder / ".restoring-restored").symlink_to(elsewhere)
    restored = _restore(target, file)
    if restored.is_symlink() or any(elsewhere.iterdir()):
        return "the home is where the attacker wants it"
    (target.folder / ".restoring-restored").unlink(missing_ok=True)
    (target.folder / ".restoring-restored").mkdir()
    os.chmod(target.folder / ".restoring-restored", 0o777)
    restored = _restore(target, file)
    if restored.exists() and restored.stat().st_mode & 0o077:
        return "every account can write in the restored home"
    return None


@ATTACKS.attack("11s", "an archive of some hundred bytes unpacks to gigabytes")
def sparse(target: Target) -> str | None:
    size = 2 << 30
    member = tarfile.TarInfo("deliveries/000001/DAKL_J2024_a.csv")
    member.type, member.size = tarfile.GNUTYPE_SPARSE, 0
    block = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    # No data, and the whole size as one hole: the last 12 bytes of the header of a sparse file.
    block[483:495] = b"%011o\0" % size
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    file = target.folder / "sparse.tar.gz"
    file.write_bytes(gzip.compress(bytes(block) + bytes(1024)))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))

    said = target.run("restore", file, home=target.folder / "restored", preexec_fn=limited)
    is_written = "too large" in said.stderr or said.returncode < 0
    return f"{file.stat().st_size} bytes became more than 64 MB on disk" if is_written else None
