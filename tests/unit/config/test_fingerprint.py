"""The code version of a stage: it changes exactly when the outcome of the stage can change."""

import ast
import re
import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from assets.chain import STAGES
from resources.config import fingerprint
from resources.config.fingerprint import Code
from tests.support.paths import ROOT

ALL = {stage.name for stage in STAGES}
REGISTERS = {"person_register", "v_number_register", "income_register", "care_register"}


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    return _fingerprints(ROOT)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for room in ("dakl_pipeline", "assets", "resources"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def _fingerprints(root: Path) -> dict[str, str]:
    code = Code(root)
    return {
        s.name: code.reach(s.run, s.source_fingerprints, s.tables, s.code, without=s.reads).fingerprint for s in STAGES
    }


def _changed(copy: Path, before: dict[str, str]) -> set[str]:
    after = _fingerprints(copy)
    return {name for name in ALL if after[name] != before[name]}


def _replace(old: str, new: str) -> Callable[[str], str]:
    def replaced(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return replaced


def _docstrings(text: str) -> str:
    return re.sub(r'"""(?=\w)', '"""Other words. ', text)


@pytest.mark.parametrize(
    ("path", "edit"),
    [
        ("dakl_pipeline/statistics/deduplicate.py", lambda text: f"# A comment.\n{text}"),
        ("dakl_pipeline/statistics/enrich.py", _docstrings),
        ("dakl_pipeline/statistics/eligibility.py", _docstrings),
        ("dakl_pipeline/statistics/count.py", _replace("\n\n\ndef ", "\n\n\n\n\n# Another comment.\ndef ")),
        ("dakl_pipeline/reference/rules.toml", lambda text: f"# A comment.\n{text}"),
        ("dakl_pipeline/reference/assumption.csv", _replace(",", " ,")),
        ("dakl_pipeline/reference/age_class.csv", _replace("assumption A8", "another source")),
        ("dakl_pipeline/reference/category.csv", _replace(",Totaal,", ",Alles,")),
        ("dakl_pipeline/contracts/stays.py", _replace('description="', 'description="Met andere woorden: ')),
        ("dakl_pipeline/presentation/dutch.py", _replace("def ", "def _unused() -> None:\n    ...\n\n\ndef ")),
        ("dakl_pipeline/cli/app.py", lambda text: f"{text}\nMORE = 1\n"),
        ("dakl_pipeline/reference/methodology.toml", lambda text: f"# Compared by its values.\n{text}"),
        ("dakl_pipeline/reference/delivery_round.csv", _replace("2024-03-04", "2024-03-05")),
        ("dakl_pipeline/mail/notice.py", lambda text: f"{text}\nMORE = 1\n"),
        (
            "dakl_pipeline/statistics/deduplicate.py",
            lambda text: f"{text}\n\ndef unused() -> int:\n    return 1\n",
        ),
        ("resources/storage/warehouse.py", lambda text: f"{text}\nMORE = 1\n"),
        ("assets/framework/metadata.py", lambda text: f"{text}\nMORE = 1\n"),
        ("dakl_pipeline/publication/__init__.py", lambda text: '"""A new package."""\n\nBASE = 5\n'),
    ],
)
def test_a_comment_a_docstring_or_a_new_package_remakes_nothing(
    path: str, edit: Callable[[str], str], copy: Path, before: dict[str, str]
) -> None:
    file = copy / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(edit(file.read_text(encoding="utf-8") if file.exists() else ""), encoding="utf-8")
    assert _changed(copy, before) == set()


@pytest.mark.parametrize(
    ("path", "old", "new", "stages"),
    [
        ("dakl_pipeline/statistics/deduplicate.py", '"v_number_only"', '"v_number"', {"unique_persons"}),
        ("dakl_pipeline/reference/age_class.csv", "0-17,0,17", "0-17,0,16", {"enriched_stays"}),
        (
            "dakl_pipeline/reference/gemeente_centrumregio.csv",
            "ningen,CR22",
            "ningen,CR08",
            {"regional_stays"},
        ),
        # The contract of unique persons uses columns of that of the stays.
        ("dakl_pipeline/reference/exclusion_reason.csv", "1,type_", "9,type_", {"stay_eligibility", "unique_persons"}),
        ("dakl_pipeline/reference/regions.py", '"NL"', '"NED"', {"unique_persons", "unique_person_counts"}),
        ("dakl_pipeline/statistics/coverage.py", "pl.len()", "pl.count()", {"unique_person_counts"}),
        ("dakl_pipeline/statistics/eligibility.py", '"merged"', '"divided"', {"regional_stays"}),
        ("dakl_pipeline/intake/registrations.py", "return ", "return 1 and ", {"pseudonymised_stays"}),
        (
            "dakl_pipeline/reference/placeholder_number.csv",
            "bsn,000000000",
            "bsn,000000001",
            {"pseudonymised_stays", *REGISTERS},
        ),
        # Code that the framework calls for a stage, and its rules.
        ("dakl_pipeline/reference/register_rules.toml", "threshold = 1.0", "threshold = 0.5", REGISTERS),
        (
            "dakl_pipeline/statistics/register_checks.py",
            "RegisterFinding(rule.severity",
            "RegisterFinding(rule.name",
            REGISTERS,
        ),
        ("assets/region.py", "municipality_{status}", "gemeente_{status}", {"regional_stays"}),
    ],
)
def test_a_changed_rule_remakes_what_depends_on_it_and_nothing_else(
    path: str, old: str, new: str, stages: set[str], copy: Path, before: dict[str, str]
) -> None:
    file = copy / path
    file.write_text(_replace(old, new)(file.read_text(encoding="utf-8")), encoding="utf-8")
    assert _changed(copy, before) == stages


_HELPERS = """
import pkg.other as other
from pkg import more
from pkg.more import Base as Renamed

LIMIT = 5
TABLE = {}
TABLE["a"] = 1

if LIMIT > 3:
    def chosen():
        return 1
else:
    def chosen():
        return 2

class Child(Renamed):
    def method(self):
        return helper()

def helper():
    return LIMIT

def late():
    from pkg.late import thing
    return thing()

def run():
    return chosen()

def by_class():
    return Child().method()

def by_module():
    return other.value()

def by_part():
    return more.value()

def whole(module=more):
    return module

def by_table():
    return TABLE

def by_file():
    return "list.csv"
"""
_PACKAGE = {
    "pkg/__init__.py": "",
    "pkg/main.py": _HELPERS,
    "pkg/other.py": "def value():\n    return 1\n\ndef unused():\n    return 2\n",
    "pkg/more.py": "class Base:\n    limit = 1\n\ndef value():\n    return inner()\n\ndef inner():\n    return 3\n",
    "pkg/late.py": "def thing():\n    return 1\n",
    "dakl_pipeline/list.csv": "a,source\n1,x\n",
}


@pytest.mark.parametrize(
    ("function", "path", "old", "new", "is_other"),
    [
        ("run", "pkg/main.py", "return 1", "return 9", True),
        ("run", "pkg/main.py", "LIMIT = 5", "LIMIT = 6", True),
        ("by_class", "pkg/main.py", "LIMIT = 5", "LIMIT = 6", True),
        ("by_class", "pkg/more.py", "limit = 1", "limit = 2", True),
        ("by_class", "pkg/more.py", "return 3", "return 4", False),
        ("by_module", "pkg/other.py", "return 1", "return 3", True),
        ("by_module", "pkg/other.py", "return 2", "return 3", False),
        ("by_part", "pkg/more.py", "return 3", "return 4", True),
        ("by_part", "pkg/more.py", "limit = 1", "limit = 2", False),
        ("whole", "pkg/more.py", "limit = 1", "limit = 2", True),
        ("late", "pkg/late.py", "return 1", "return 2", True),
        ("helper", "pkg/late.py", "return 1", "return 2", False),
        ("by_table", "pkg/main.py", '["a"] = 1', '["a"] = 2', True),
        ("by_file", "dakl_pipeline/list.csv", "1,x", "2,x", True),
        ("by_file", "dakl_pipeline/list.csv", "1,x", " 1 ,y", False),
        ("run", "dakl_pipeline/list.csv", "1,x", "2,x", False),
    ],
)
def test_what_a_function_reaches(function: str, path: str, old: str, new: str, is_other: bool, tmp_path: Path) -> None:
    for name, text in _PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    before = _of(tmp_path, function)
    (tmp_path / path).write_text(_replace(old, new)(_PACKAGE[path]), encoding="utf-8")
    assert (_of(tmp_path, function) != before) is is_other


def _of(root: Path, function: str) -> str:
    def named() -> None: ...

    named.__module__, named.__qualname__ = "pkg.main", function
    return Code(root, borders=()).reach(named).fingerprint


def test_arguments_of_a_partial_function_have_a_part_in_it() -> None:
    def of(values: Iterable[str]) -> str:
        return Code().reach(partial(_replace, *values)).fingerprint

    assert of(["a", "b"]) == of(["a", "b"])
    assert of(["a", "b"]) != of(["a", "c"])


def test_the_code_has_no_import_that_cannot_be_followed() -> None:
    """Star imports, relative ones and dotted names without a name of their own."""
    found = []
    for room in ("dakl_pipeline", "assets", "resources"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.level or node.names[0].name == "*"):
                    found.append(f"{path}:{node.lineno}")
                elif isinstance(node, ast.Import):
                    dotted = [n.name for n in node.names if n.name.startswith(f"{room}.") and not n.asname]
                    found += [f"{path}:{node.lineno}" for _ in dotted]
    assert found == []


def test_another_tree_that_is_made_meanwhile_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython 3.11 then gives up with a SystemError."""
    parse, attempts = ast.parse, [SystemError(), SystemError()]

    def parsed(source: bytes) -> object:
        if attempts:
            raise attempts.pop()
        return parse(source)

    monkeypatch.setattr("resources.config.fingerprint.ast.parse", parsed)
    assert fingerprint._Module("m", fingerprint._tree(b"LIMIT = 5")).meaning("LIMIT")
    assert attempts == []
