"""What is well with a home and what is not: findings with one sentence on what to do, and how they are judged.

Looking is in ``resources.maintenance.health``. No text holds a number of a person, a pseudonym or the key.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dakl_pipeline.deliveries.log import CLOCKS_DIFFER
from dakl_pipeline.history.provenance import Vintage, YearRecord
from dakl_pipeline.operation.reruns import YearStatus, in_words
from dakl_pipeline.presentation.english import summarise

Status = Literal["ok", "warning", "fault"]
_GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class HealthFinding:
    """The outcome of a check.

    Attributes:
        check: What was looked at.
        status: Whether it is well; a warning stops nothing, a fault stops a command or makes its outcome doubtful.
        found: What there is, or what is wrong.
        to_do: What to do about it, in one sentence; empty when it is well.
    """

    check: str
    status: Status
    found: str
    to_do: str = ""


def evaluate_format(found: int, *, present: int) -> HealthFinding:
    """Whether a home is laid out as this version of the program expects.

    Args:
        found: Format of the home.
        present: Format that this version knows.
    """
    if found < present:
        return HealthFinding("format", "fault", f"format {found}, of an earlier version of dakl", "run `dakl upgrade`")
    if found > present:
        to_do = "install the version that made it or a later one"
        return HealthFinding("format", "fault", f"format {found}, of a newer version of dakl", to_do)
    return HealthFinding("format", "ok", f"{found}")


def evaluate_room(free: int, *, needed: int) -> HealthFinding:
    """Whether there is room for a run, which keeps the old tables until the new ones are whole.

    Args:
        free: Bytes that are free.
        needed: Bytes that the tables of every year take now.
    """
    room, to_do = f"{free / _GIGABYTE:.1f} GB free", "make room on the disk of the home before the next run"
    if free < needed:
        return HealthFinding("disk", "fault", f"{room}, a run may need {needed / _GIGABYTE:.1f} GB", to_do)
    if free < max(3 * needed, _GIGABYTE):
        return HealthFinding("disk", "warning", f"{room}, which is little", to_do)
    return HealthFinding("disk", "ok", room)


def evaluate_clock(now: datetime, entries: Mapping[str, datetime], others: Mapping[str, datetime]) -> HealthFinding:
    """Whether something is in the future: then a clock jumped, that of now or that of then, or a time was mistyped.

    Args:
        now: The clock, in the time zone in which it is shown.
        entries: Id of every entry of the log that counts, and the time of receipt that it counts by.
        others: Name of what else happened, and when.
    """
    latest = now + CLOCKS_DIFFER
    shown = f"{now:%Y-%m-%d %H:%M} ({now.tzinfo})"
    counted = [name for name, moment in entries.items() if moment > latest]
    ahead = [*(f"entry {name}" for name in counted), *(name for name, moment in others.items() if moment > latest)]
    if not ahead:
        return HealthFinding("clock", "ok", f"{shown}, nothing is later")
    found = f"{shown}, but in the future: {summarise(ahead)}"
    to_do = "set the clock of this computer right if it is slow"
    if counted:
        to_do += (
            f"; if it is not, an entry of the future counts above later ones: `dakl cancel {counted[0]} --why TEXT`"
            f"{' and so on' if len(counted) > 1 else ''}, then deliver the file or withdraw the year again with the "
            "right time"
        )
    else:
        to_do += "; if it is not, nothing has to be done: what is in the future is only told, no figure rests on it"
    return HealthFinding("clock", "warning", found, to_do)


def evaluate_key(check_key_id: str | None, vintages: Iterable[Vintage]) -> HealthFinding:
    """Whether the figures were made with the key that is there.

    Args:
        check_key_id: Id under which the key is known; None when nothing was made with it.
        vintages: The newest vintage of every year.
    """
    others = sorted(vintage.year for vintage in vintages if vintage.key_id != check_key_id)
    if not others:
        made = "nothing was made with it yet" if check_key_id is None else "the figures were made with it"
        return HealthFinding("key", "ok", f"there and of the right form; {made}")
    return HealthFinding(
        "key",
        "fault",
        f"not the key that {_years(others)} were made with",
        "put the right key back, or count every year with this one if it was replaced on purpose: `dakl run --all`",
    )


def evaluate_year(state: YearStatus, record: YearRecord, *, codes: Mapping[str, str]) -> HealthFinding:
    """Whether the figures of a year are those of the files and registers that count now.

    Args:
        state: How the year stands.
        record: What is kept of it.
        codes: Version of the code of every stage, by its name.
    """
    check, to_do = f"figures of {state.year}", f"count again with `dakl run --year {state.year}`"
    if state.pending_changes:
        return HealthFinding(check, "warning", f"behind: {in_words(state.pending_changes)}", to_do)
    changed = [name for name, stage in record.stages.items() if stage.inputs.get("code") != codes.get(name)]
    if changed:
        return HealthFinding(
            check, "warning", f"counted by another version of the program: {summarise(changed)}", to_do
        )
    return HealthFinding(check, "ok", "of the files that count now" if record.stages else "nothing was delivered")


def evaluate_libraries(requirements: Iterable[str], installed: Mapping[str, str]) -> list[HealthFinding]:
    """Whether the libraries are of the versions that the program was made for.

    Args:
        requirements: What the program asks for, as in its metadata (PEP 508).
        installed: Version of every library that is there, by its normalised name.
    """
    wrong = []
    for requirement in map(Requirement, requirements):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = installed.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version or 'is missing'} (asked for: {requirement.specifier})")
    if not wrong:
        return []
    return [HealthFinding("versions", "fault", summarise(wrong), "install the program again from its lock file")]


def _years(years: Sequence[int]) -> str:
    return f"the figures of {', '.join(map(str, years))}"
