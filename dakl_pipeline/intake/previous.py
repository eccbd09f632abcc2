"""Rules that compare the profile of a file with an earlier one of the same supplier (level 2 of the catalogue)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dakl_pipeline.intake.bounds import is_large
from dakl_pipeline.intake.findings import Finding, finding
from dakl_pipeline.intake.profile import FileProfile
from dakl_pipeline.presentation.dutch import MONTHS, listed, number, quantity
from dakl_pipeline.reference.code_lists import shelter_types
from dakl_pipeline.reference.delivered_files import Compared
from dakl_pipeline.reference.municipality import successors


@dataclass(frozen=True)
class Earlier:
    """An earlier file to compare with.

    Attributes:
        name: The name by which the supplier knows it, with the day of receipt.
        profile: Its counts.
        against: How its reporting year relates to that of the new file.
    """

    name: str
    profile: FileProfile
    against: Compared


@dataclass(frozen=True)
class _Pair:
    """The new file and the earlier one."""

    now: FileProfile
    year: int
    earlier: Earlier

    @property
    def before(self) -> FileProfile:
        return self.earlier.profile

    def is_large(self, rule: str, difference: float, *, of: int, expected: float = 0) -> bool:
        return is_large(rule, self.earlier.against, difference, of=of, expected=expected)

    def finding(self, rule: str, concerns: int, **values: int | str) -> Finding:
        return finding(rule, row=None, column=None, concerns=concerns, previous=self.earlier.name, **values)


def differences(now: FileProfile, year: int, earlier: Earlier) -> list[Finding]:
    """Return findings on large differences between a file and the previous one.

    Args:
        now: The profile of the file.
        year: Its reporting year.
        earlier: The previous file, of the same year or the year before.

    Returns:
        Findings of level 2, in the order of the catalogue.
    """
    pair = _Pair(now, year, earlier)
    return [each for rule in _RULES for each in rule(pair)]


def _size(pair: _Pair) -> Iterator[Finding]:
    now, before = pair.now.registrations, pair.before.registrations
    rule = "fewer_registrations" if now < before else "more_registrations"
    difference = abs(now - before)
    if pair.is_large(rule, difference, of=before, expected=before):
        found = quantity(now, "registratie", "registraties")
        yield pair.finding(rule, difference, found=found, expected=number(before))


def _months_without_starts(pair: _Pair) -> Iterator[Finding]:
    """Report months without starting stays, if the earlier file had too many in a run of them to be chance."""
    empty = [month for month in range(1, 13) if not pair.now.by_start_month.get(month)]
    runs: list[list[int]] = []
    for month in empty:
        if runs and runs[-1][-1] == month - 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    gone = []
    lost = 0
    for run in runs:
        began = {month: n for month in run if (n := pair.before.by_start_month.get(month, 0))}
        if pair.is_large("months_without_starts", sum(began.values()), of=pair.before.registrations):
            gone += list(began)
            lost += sum(began.values())
    if gone:
        yield pair.finding(
            "months_without_starts", lost, names=listed([MONTHS[month - 1] for month in gone]), expected=number(lost)
        )


def _municipality_gone(pair: _Pair) -> Iterator[Finding]:
    now, before = (_by_municipality(p.by_municipality, pair.year) for p in (pair.now, pair.before))
    yield from _gone("municipality_gone", pair, now, before)


def _shelter_type_gone(pair: _Pair) -> Iterator[Finding]:
    names = {each.code: each.name for each in shelter_types()}
    now, before = ({names[code]: n for code, n in p.by_shelter_type.items()} for p in (pair.now, pair.before))
    yield from _gone("shelter_type_gone", pair, now, before)


def _gone(rule: str, pair: _Pair, now: Mapping[str, int], before: Mapping[str, int]) -> Iterator[Finding]:
    total = pair.before.registrations
    gone = {name: n for name, n in before.items() if name not in now and pair.is_large(rule, n, of=total)}
    if gone:
        lost = sum(gone.values())
        yield pair.finding(rule, lost, names=listed(list(gone)), expected=number(lost))


def _by_municipality(by_code: Mapping[str, int], year: int) -> dict[str, int]:
    """Count by name in the municipal division of the year, so that mergers do not matter; skips unknown codes."""
    found: dict[str, int] = {}
    for code, n in by_code.items():
        for name in (each.name for each in successors(code, year)):
            found[name] = found.get(name, 0) + n
    return found


def _without_bsn(pair: _Pair) -> Iterator[Finding]:
    yield from _share("share_without_bsn", pair, lambda profile: profile.without_usable_bsn, is_two_sided=False)


def _open_stays(pair: _Pair) -> Iterator[Finding]:
    yield from _share("share_of_open_stays", pair, lambda profile: profile.open_stays, is_two_sided=True)


def _share(rule: str, pair: _Pair, count: Callable[[FileProfile], int], *, is_two_sided: bool) -> Iterator[Finding]:
    """Report a share of the registrations that differs from the share in the earlier file."""
    total, found = pair.now.registrations, count(pair.now)
    before = count(pair.before) / pair.before.registrations
    expected = before * total
    difference = abs(found - expected) if is_two_sided else found - expected
    if pair.is_large(rule, difference, of=total, expected=expected):
        yield pair.finding(
            rule, round(difference), percentage=round(100 * found / total), other_percentage=round(100 * before)
        )


_RULES: tuple[Callable[[_Pair], Iterator[Finding]], ...] = (
    _size,
    _months_without_starts,
    _municipality_gone,
    _shelter_type_gone,
    _without_bsn,
    _open_stays,
)


def has_numbers_of(now: FileProfile, other: FileProfile) -> bool:
    """Return whether two files of different years agree in all counts that do not depend on the year."""
    return (now.by_municipality, now.by_shelter_type, now.with_usable_bsn, now.without_end_date) == (
        other.by_municipality,
        other.by_shelter_type,
        other.with_usable_bsn,
        other.without_end_date,
    )
