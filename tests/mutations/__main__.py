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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("promises", nargs="*", type=int, help="only those with these numbers")
    asked = parser.parse_args()
    known = {promise.number: promise for promise in promises()}
    chosen = [m for m in mutations() if not asked.promises or m.promise in asked.promises]
    found = 0
    for mutation in chosen:
        is_found = _is_found(mutation, known[mutation.promise])
        found += is_found
        print(f"{'found   ' if is_found else 'SURVIVED'}  P{mutation.promise:<3} {mutation.file}", flush=True)
    print(f"{found} of {len(chosen)} mutations found")
    return 0 if found == len(chosen) else 1


def _is_found(mutation: Mutation, promise: Promise) -> bool:
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=_NOT_COPIED, symlinks=True)
        file = copy / mutation.file
        file.write_text(file.read_text(encoding="utf-8").replace(mutation.old, mutation.new), encoding="utf-8")
        tests = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *promise.tests]
        environment = {**os.environ, "PYTHONPATH": str(copy)}
        code = subprocess.run(tests, cwd=copy, env=environment, capture_output=True, check=False).returncode
    # 1: a test failed. Anything else, such as no test found, proves nothing; 2 is a copy that does not even import.
    return code in (1, 2)


if __name__ == "__main__":
    sys.exit(main())
