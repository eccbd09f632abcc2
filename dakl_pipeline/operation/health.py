"""Evaluates the health of a home: findings, each with one sentence on what to do.

``resources.maintenance.health`` gathers the data. No text contains a number of a person, a pseudonym or the key.
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
        check: Name of the check.
        status: ``ok``, ``warning`` (stops nothing) or ``fault`` (stops a command or makes its outcome doubtful).
        found: What was found.
        to_do: What to do about it, in one sentence; empty if all is well.
    """

    check: str
    status: Status
    found: str
    to_do: str = ""


def evaluate_format(found: int, *, present: int) -> HealthFinding:
    """Check that a home has the format that this version of the program expects.

    Args:
        found: Format of the home.
        present: Format that this version uses.
    """
    if found < present:
        return HealthFinding("format", "fault", f"format {found}, from an older version of dakl", "run `dakl upgrade`")
    if found > present:
        to_do = "install the version that made it or a later one"
        return HealthFinding("format", "fault", f"format {found}, from a newer version of dakl", to_do)
    return HealthFinding("format", "ok", f"{found}")


def evaluate_room(free: int, *, needed: int) -> HealthFinding:
    """Check that there is disk space for a run, which keeps the old tables until the new ones are complete.

    Args:
        free: Free bytes.
        needed: Bytes that the tables of all years take now.
    """
    room, to_do = f"{free / _GIGABYTE:.1f} GB free", "make room on the disk of the home before the next run"
    if free < needed:
        return HealthFinding("disk", "fault", f"{room}, a run may need {needed / _GIGABYTE:.1f} GB", to_do)
    if free < max(3 * needed, _GIGABYTE):
        return HealthFinding("disk", "warning", f"{room}, which is low", to_do)
    return HealthFinding("disk", "ok", room)


def evaluate_clock(now: datetime, entries: Mapping[str, datetime], others: Mapping[str, datetime]) -> HealthFinding:
    """Check that no recorded time is in the future: a clock is or was wrong then, or a time was mistyped.

    Args:
        now: Current time, in the time zone in which it is shown.
        entries: By id, the time of receipt of every log entry that counts.
        others: By name, the time of other events.
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
            f"; if it is not, an entry in the future outranks later ones: `dakl cancel {counted[0]} --why TEXT`"
            f"{' and so on' if len(counted) > 1 else ''}, then deliver the file or withdraw the year again with the "
            "right time"
        )
    else:
        to_do += "; if it is not, nothing needs to be done: no figure depends on these times"
    return HealthFinding("clock", "warning", found, to_do)


def evaluate_key(check_key_id: str | None, vintages: Iterable[Vintage]) -> HealthFinding:
    """Check that the figures were made with the current key.

    Args:
        check_key_id: Id of the key; None if nothing was made with it.
        vintages: The newest vintage of every year.
    """
    others = sorted(vintage.year for vintage in vintages if vintage.key_id != check_key_id)
    if not others:
        made = "nothing was made with it yet" if check_key_id is None else "the figures were made with it"
        return HealthFinding("key", "ok", f"present and well-formed; {made}")
    return HealthFinding(
        "key",
        "fault",
        f"not the key that {_years(others)} were made with",
        "put the right key back, or count every year with this one if it was replaced on purpose: `dakl run --all`",
    )


def evaluate_year(state: YearStatus, record: YearRecord, *, codes: Mapping[str, str]) -> HealthFinding:
    """Check that the figures of a year are based on the currently selected files and registers.

    Args:
        state: Status of the year.
        record: Record of the stages of the year.
        codes: Code version of every stage, by its name.
    """
    check, to_do = f"figures of {state.year}", f"count again with `dakl run --year {state.year}`"
    if state.pending_changes:
        return HealthFinding(check, "warning", f"behind: {in_words(state.pending_changes)}", to_do)
    changed = [name for name, stage in record.stages.items() if stage.inputs.get("code") != codes.get(name)]
    if changed:
        return HealthFinding(
            check, "warning", f"counted by another version of the program: {summarise(changed)}", to_do
        )
    return HealthFinding(check, "ok", "up to date with the files that count" if record.stages else "nothing delivered")


def evaluate_libraries(requirements: Iterable[str], installed: Mapping[str, str]) -> list[HealthFinding]:
    """Check that the installed libraries meet the requirements of the program.

    Args:
        requirements: Requirements from the metadata of the program (PEP 508).
        installed: Version of every installed library, by normalised name.
    """
    wrong = []
    for requirement in map(Requirement, requirements):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = installed.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version or 'is missing'} (required: {requirement.specifier})")
    if not wrong:
        return []
    return [HealthFinding("versions", "fault", summarise(wrong), "install the program again from its lock file")]


def _years(years: Sequence[int]) -> str:
    return f"the figures of {', '.join(map(str, years))}"
