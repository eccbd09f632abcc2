"""Take the protection behind each promise away in a copy of the project, and see whether its tests fail.

``python -m tests.mutations [PROMISE ...]``; the exit code is 1 if a promise is kept by no test.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutations.promises import Mutation, Promise, mutations, promises
from tests.support.paths import ROOT

_NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", "dakl_home*", "__pycache__", ".*_cache", ".hypothesis")
_FAILED = 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("promises", nargs="*", type=int, help="only those with these numbers")
    asked = parser.parse_args()
    known = {promise.number: promise for promise in promises()}
    chosen = [m for m in mutations() if not asked.promises or m.promise in asked.promises]
    found = 0
    sound: dict[int, bool] = {}
    for mutation in chosen:
        promise = known[mutation.promise]
        # Tests that fail without a mutation find nothing.
        if promise.number not in sound:
            sound[promise.number] = _outcome(promise, None) == 0
        is_found = sound[promise.number] and _outcome(promise, mutation) == _FAILED
        found += is_found
        said = "found   " if is_found else "SURVIVED" if sound[promise.number] else "UNSOUND "
        print(f"{said}  P{promise.number:<3} {mutation.file}", flush=True)
    print(f"{found} of {len(chosen)} mutations found")
    return 0 if found == len(chosen) else 1


def _outcome(promise: Promise, mutation: Mutation | None) -> int:
    """Exit code of the tests of a promise in a copy of the project, with a mutation or as it is."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=_NOT_COPIED, symlinks=True)
        if mutation:
            file = copy / mutation.file
            file.write_text(file.read_text(encoding="utf-8").replace(mutation.old, mutation.new), encoding="utf-8")
        for command in (["init", "--quiet"], ["add", "--all"]):
            subprocess.run(["git", *command], cwd=copy, check=True)
        tests = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *promise.tests]
        environment = {**os.environ, "PYTHONPATH": str(copy)}
        return subprocess.run(tests, cwd=copy, env=environment, capture_output=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
