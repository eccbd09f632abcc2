"""Deliveries that are questions about one person."""

from tests.attacks.attack import ANNA, CEES, Attacks, Target, row

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
