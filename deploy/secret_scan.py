"""Looks for keys, tokens, private names of folders and data in what goes out: files of git, wheels and source archives.

`python deploy/secret_scan.py` looks in every file that git tracks; with names of `.whl` and `.tar.gz` files it looks in
these instead. It prints the place, never what it found, and exits with 1 if there is anything.
"""

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
# Kind -> what it looks like.
_SECRETS = {
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "an age identity": rb"AGE-SECRET-KEY-1[02-9A-Z]{58}",
    "an access token": rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|glpat-[\w-]{20}|pypi-AgE\w{16,})",
    "a cloud key": rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a password in an address": rb"[a-z]://[^/\s:@{}$<>]+:[^/\s:@{}$<>]+@",
    # A pseudonym key is 64 hexadecimal characters; so is a digest, which says what it is.
    "a pseudonym key": rb"(?i)(?<![0-9a-f_-])(?<!sha256[:=])(?<!sha256:)[0-9a-f]{64}(?![0-9a-f])",
    "the home folder of a person": rb"(?<![\w/.-])/(?:root|home/[a-z][\w-]*|Users/\w+)/",
}
_FOUND = {kind: re.compile(pattern) for kind, pattern in _SECRETS.items()}
# Names of files that hold data or secrets, whatever is in them.
_NAMES = re.compile(r"(?:^|/)(?:[^/]*\.(?:key|pem|p12|duckdb|parquet|db)|\.env|id_[a-z0-9]+)$")
# Two published examples of HMAC-SHA-256 (RFC 4231), and digests in files that list nothing else.
_PUBLISHED = "tests/unit/privacy/test_pseudonyms.py"
_DIGESTS = re.compile(r"(?:\.lock|sbom\.cdx\.json|/RECORD)$")


def problems(name: str, content: bytes) -> Iterator[str]:
    """The problems of a file, one line each, without what was found."""
    if _NAMES.search(name):
        yield f"{name}: a file of this name holds data or a secret"
    for kind, pattern in _FOUND.items():
        if kind == "a pseudonym key" and (name.endswith(_PUBLISHED) or _DIGESTS.search(name)):
            continue
        for found in pattern.finditer(content):
            yield f"{name}, line {content.count(bytes([10]), 0, found.start()) + 1}: {kind}"


def _tracked() -> Iterator[tuple[str, bytes]]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=_ROOT, capture_output=True, check=True).stdout  # noqa: S607
    for name in listed.decode().split("\0"):
        if name and (_ROOT / name).is_file():
            yield name, (_ROOT / name).read_bytes()


def _packed(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            yield from ((name, wheel.read(name)) for name in wheel.namelist())
        return
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                yield member.name, content.read()


def main(arguments: Sequence[str]) -> int:
    """Look, and print the problems."""
    files = [file for path in arguments for file in _packed(Path(path))] if arguments else _tracked()
    found = [problem for name, content in files for problem in problems(name, content)]
    for problem in found:
        print(problem, file=sys.stderr)  # noqa: T201 - a script
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
