"""What a server gets besides this program: an SBOM and the notices of third parties, and whether their licences fit.

`python deploy/supply_chain.py` writes `deploy/sbom.cdx.json` (CycloneDX 1.6, also in the wheel) and
`THIRD-PARTY-NOTICES.md` from `deploy/requirements.lock` and the metadata of the installed packages; with `--check` it
exits with 1 if one of them is out of date. Either way it refuses a package whose licence is not on the list.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_LOCK, _SBOM = _ROOT / "deploy" / "requirements.lock", _ROOT / "deploy" / "sbom.cdx.json"
_NOTICES = _ROOT / "THIRD-PARTY-NOTICES.md"
_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_PINNED = re.compile(r"([a-z0-9][a-z0-9-]*)==([^ ;]+)")
_ITSELF = "dakl-pipeline"

# Licences that a public body may use and pass on together with the EUPL-1.2: permissive, or with a copyleft that stays
# with the files of the package itself. Nothing with a condition for users of a server (AGPL), and nothing unknown.
ALLOWED = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",
        "LGPL-3.0-or-later",
        "MIT",
        "MPL-2.0",
        "PSF-2.0",
        "Zlib",
    }
)
# What packages say that is no SPDX expression but leaves no doubt.
_SAID = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}
# Read in the package or its repository, because its metadata say nothing, say it loosely, or are not at hand on Linux.
_READ = {
    "antlr4-python3-runtime": "BSD-3-Clause",
    "colorama": "BSD-3-Clause",
    "dataframely": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "polars": "MIT",
    "polars-hash": "MIT",
    "psutil": "BSD-3-Clause",
    "psycopg2-binary": "LGPL-3.0-or-later",
    "pyrage": "MIT",
    "pyreadline3": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "pywin32": "PSF-2.0",
    "uvloop": "MIT OR Apache-2.0",
}


@dataclass
class Component:
    """A package of the lock file.

    Attributes:
        name: Its name.
        version: Its version.
        hashes: SHA-256 of each of its files.
        needed_by: The packages that need it.
        licence: SPDX expression; empty if it is not known.
    """

    name: str
    version: str
    hashes: list[str]
    needed_by: list[str]
    licence: str


def components(lock: str) -> list[Component]:
    """The packages of a lock file, in order."""
    found: list[Component] = []
    for line in lock.splitlines():
        if pinned := _PINNED.match(line):
            found.append(Component(pinned[1], pinned[2], [], [], licence_of(pinned[1])))
        elif "--hash=sha256:" in line:
            found[-1].hashes.append(line.partition("sha256:")[2].split()[0])
        elif needs := re.fullmatch(r"    #(?: via|  ) ([a-z0-9][a-z0-9-]*)(?: \(.*\))?", line):
            found[-1].needed_by.append(needs[1])
    return found


def licence_of(name: str) -> str:
    """The licence of a package as an SPDX expression; empty if it is not known."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return _READ.get(name, "")
    if "License-Expression" in about:
        return about["License-Expression"]
    if name in _READ:
        return _READ[name]
    classes = [each.rpartition(" :: ")[2] for each in about.get_all("Classifier", []) if each.startswith("License")]
    for text in (*about.get_all("License", []), *classes):
        said = _SAID.get(text, text)
        if said and is_allowed(said):
            return said
    return ""


def is_allowed(expression: str) -> bool:
    """Whether a licence is on the list: of alternatives one, of licences that hold together all."""
    alternatives = re.split(r"\s+OR\s+", expression.replace("(", "").replace(")", ""))
    return any(all(part in ALLOWED for part in re.split(r"\s+AND\s+", each)) for each in alternatives)


def _reference(component: Component) -> str:
    return f"pkg:pypi/{component.name}@{component.version}"


def sbom(found: Sequence[Component], version: str) -> str:
    """The bill of materials, the same for the same lock file."""
    itself = f"pkg:pypi/{_ITSELF}@{version}"
    # A package can be there twice, for older and for newer versions of Python.
    needs: dict[str, set[str]] = {_ITSELF: set(), **{component.name: set() for component in found}}
    for component in found:
        for name in component.needed_by:
            needs[name].add(_reference(component))
    depending = [(itself, _ITSELF), *((_reference(component), component.name) for component in found)]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": itself,
                "name": _ITSELF,
                "version": version,
                "purl": itself,
                "licenses": [{"license": {"id": "EUPL-1.2"}}],
            }
        },
        "components": [
            {
                "type": "library",
                "bom-ref": _reference(component),
                "name": component.name,
                "version": component.version,
                "purl": _reference(component),
                "licenses": [{"expression": component.licence}],
                # One for each platform: which one a server installs, its own log says.
                "properties": [{"name": "dakl:sha256", "value": digest} for digest in component.hashes],
            }
            for component in found
        ],
        "dependencies": [{"ref": ref, "dependsOn": sorted(needs[name])} for ref, name in depending],
    }
    return json.dumps(document, indent=1) + "\n"


def notices(found: Sequence[Component]) -> str:
    """The notices of third parties, as a page."""
    rows = "".join(f"| {each.name} | {each.version} | {each.licence} |\n" for each in found)
    return (
        "# Third-party notices\n\n"
        "The wheel holds code of this project only (EUPL-1.2). An installation also holds the packages below, each\n"
        "under its own licence, whose text is in its `.dist-info` folder or in its source. `deploy/supply_chain.py`\n"
        "makes this list from `deploy/requirements.lock`, and refuses licences that do not fit.\n\n"
        f"| package | version | licence |\n| --- | --- | --- |\n{rows}"
    )


def faults(found: Sequence[Component]) -> list[str]:
    """The packages that cannot be used, one line each."""
    return [
        f"{each.name} {each.version}: licence {each.licence or 'not known'} is not allowed by deploy/supply_chain.py"
        for each in found
        if not is_allowed(each.licence)
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the files, or check them."""
    found = components(_LOCK.read_text(encoding="utf-8"))
    program = _VERSION.search((_ROOT / "dakl_pipeline" / "__init__.py").read_text(encoding="utf-8"))
    assert program is not None
    made = {_SBOM: sbom(found, program[1]), _NOTICES: notices(found)}
    problems = faults(found)
    for path, text in made.items():
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            problems.append(f"{path.relative_to(_ROOT)} is out of date: write it with `make sbom`")
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201 - a script
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
