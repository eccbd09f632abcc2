"""Deliveries that are questions about one person."""

from tests.attacks.attack import ANNA, BRAM, CEES, DORA, Attacks, Target, row

ATTACKS = Attacks()


def _said_about(target: Target, name: str, bsn: str) -> str:
    """Everything that a supplier gets after the delivery of one registration."""
    own = Target(target.dakl, target.folder / name)
    own.folder.mkdir()
    own.make_home()
    file = own.file("DAKL_J2023_een.csv", row(bsn, start="2023-02-05", end="2023-03-05"))
    said = own.deliver(file).stdout
    for path in sorted(own.home.glob("reports/**/*.json")):
        said += path.read_text(encoding="utf-8")
    return said.replace(bsn, "").replace(str(own.folder), "")


@ATTACKS.attack("3a", "a file of one registration tells its supplier whether that person is a minor")
def minor(target: Target) -> str | None:
    of_a_minor, of_an_adult = _said_about(target, "minor", CEES), _said_about(target, "adult", ANNA)
    told = [hint for hint in ("jonger dan", "minderjarig") if hint in of_a_minor and hint not in of_an_adult]
    return f"only the file of a minor is answered with {told[0]!r}" if told else None


def _overlap_after(target: Target, name: str, year: int, bsn: str) -> list[str]:
    """The rows of one supplier in the overlap after it delivered one registration."""
    own = Target(target.dakl, target.folder / name)
    own.folder.mkdir()
    own.make_home()
    of_year = {"start": f"{year}-02-05", "end": f"{year}-03-05"}
    own.deliver(own.file(f"DAKL_J{year}_almelo.csv", *(row(each, **of_year) for each in (ANNA, BRAM))))
    own.deliver(own.file(f"DAKL_J{year}_een.csv", row(bsn, **of_year)), "mo-een")
    own.run("run", "--year", str(year))
    out = own.folder / "overlap.csv"
    own.run("export", "statistics.supplier_overlap", "--out", out)
    return [line for line in out.read_text(encoding="utf-8-sig").splitlines() if "mo-een" in line]


@ATTACKS.attack(
    "3b", "a file of one registration and the overlap of suppliers tell whether that person is known elsewhere"
)
def known_elsewhere(target: Target) -> str | None:
    known, unknown = (_overlap_after(target, name, 2024, bsn) for name, bsn in (("known", ANNA), ("unknown", DORA)))
    return f"{known[0]} for a known person, {unknown[0]} for another" if known != unknown else None


@ATTACKS.attack("3c", "a file of one registration and the overlap of suppliers tell whether that person is a minor")
def counted(target: Target) -> str | None:
    adult, minor = (_overlap_after(target, name, 2023, bsn) for name, bsn in (("adult", BRAM), ("minor", CEES)))
    return f"{len(adult)} rows for an adult, {len(minor)} for a minor" if adult != minor else None
