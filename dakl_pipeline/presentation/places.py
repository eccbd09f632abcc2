"""Finds the region that a typed name stands for: a region, or a current or old municipality or province in it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.presentation.names import nearest, one_of, spelling
from dakl_pipeline.reference.code_lists import (
    cached_per_code_lists,
    centrumregios,
    municipal_mergers,
    municipalities,
    place_aliases,
    place_prefixes,
)
from dakl_pipeline.reference.municipality import successors
from dakl_pipeline.reference.regions import COUNTRY

REGION_NAMES = {region.code: region.name for region in centrumregios()} | {COUNTRY: "Nederland"}
_IN_BRACKETS = re.compile(r"\s*\(.*\)$")


@dataclass(frozen=True)
class NamedRegion:
    """The region that a typed name stands for.

    Attributes:
        code: Its code.
        name: Its name.
        note: A sentence on which region it is, if the typed name is not the name of a region; else None.
    """

    code: str
    name: str
    note: str | None = None


def region_named(typed: str, years: Sequence[int]) -> NamedRegion:
    """Return the region that a name stands for.

    Case, accents, spaces, hyphens, apostrophes and a prefix such as ``gemeente`` make no difference. A region takes
    precedence over a municipality of the same name, and a municipality over a province.

    Args:
        typed: Code or name of a region or of a current or former municipality, or name of a province with one region.
        years: The requested reporting years, one or more.

    Raises:
        WrongUsage: If there is no such place, or it matches several regions; the message suggests names.
    """
    for wanted in _readings(typed):
        if code := _regions().get(wanted):
            return NamedRegion(code, REGION_NAMES[code])
        if codes := _municipality_codes().get(wanted):
            return _of_municipalities(codes, years)
        if codes := _provinces().get(wanted):
            return _of_province(codes)
    near = nearest(_readings(typed)[-1], _known_names())
    hint = f"Did you mean {one_of(map(_known_names().__getitem__, near))}? Otherwise name" if near else "Name"
    raise WrongUsage(
        f"there is no such region. {hint} it by its code, such as {centrumregios()[0].code} or {COUNTRY}, by its name, "
        "or by a municipality in it"
    )


def _of_municipalities(codes: Iterable[str], years: Sequence[int]) -> NamedRegion:
    found = {
        (m.code, _old_names().get(code, m.name), m.name, m.region_code)
        for code in codes
        for year in years
        for m in successors(code, year) or [each for each in municipalities() if each.code == code]
    }
    regions = {region for *_, region in found}
    is_in = [
        f"{old}{'' if old == name else f', later {name},'} is in {_region(region)}"
        for _, old, name, region in sorted(found, key=lambda one: one[1:])
    ]
    if len(regions) > 1:
        raise WrongUsage(f"that name matches several regions: {'; '.join(is_in)}. Name one of these regions")
    (code,) = regions
    return NamedRegion(code, REGION_NAMES[code], "; ".join(dict.fromkeys(is_in)))


def _of_province(codes: Sequence[str]) -> NamedRegion:
    (province,) = {region.province for region in centrumregios() if region.code in codes}
    if len(codes) > 1:
        raise WrongUsage(f"{province} is a province with several regions: name {one_of(map(_region, codes))}")
    (code,) = codes
    return NamedRegion(code, REGION_NAMES[code], f"{province} is a province with one region: {_region(code)}")


def _readings(typed: str) -> list[str]:
    """Return the normalised spelling as typed, and without a prefix such as ``gemeente``."""
    text = typed.strip().casefold()
    without = next(
        (text.removeprefix(f"{prefix} ") for prefix in place_prefixes() if text.startswith(f"{prefix} ")), text
    )
    return list(dict.fromkeys((spelling(text), spelling(without))))


def _region(code: str) -> str:
    return f"{REGION_NAMES[code]} ({code})"


def _with_aliases(names: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield each name and its aliases in normalised spelling, with what they stand for."""
    aliases: dict[str, list[str]] = {}
    for alias, name in place_aliases():
        aliases.setdefault(name, []).append(alias)
    for name, meant in names:
        for each in (name, _IN_BRACKETS.sub("", name), *aliases.get(name, ())):
            yield spelling(each), meant


@cached_per_code_lists
def _regions() -> dict[str, str]:
    codes = {spelling(code): code for code in REGION_NAMES}
    # The alias of the country refers to its code.
    names = [(name, code) for code, name in REGION_NAMES.items()] + [(COUNTRY, COUNTRY)]
    return codes | dict(_with_aliases(names))


@cached_per_code_lists
def _municipality_codes() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    names = [(m.name, m.code) for m in municipalities()] + [(m.old_name, m.old_code) for m in municipal_mergers()]
    codes = [(spelling(form.format(code)), code) for _, code in names for form in ("{}", "GM{}")]
    for written, code in [*_with_aliases(names), *codes]:
        if code not in (already := found.setdefault(written, [])):
            already.append(code)
    return found


@cached_per_code_lists
def _provinces() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for written, code in _with_aliases((region.province, region.code) for region in centrumregios()):
        if code not in (already := found.setdefault(written, [])):
            already.append(code)
    return found


@cached_per_code_lists
def _old_names() -> dict[str, str]:
    return {m.old_code: m.old_name for m in municipal_mergers()}


@cached_per_code_lists
def _known_names() -> dict[str, str]:
    """Return every recognised name, with the text with which it is suggested."""
    regions = {name: _region(code) for code, name in REGION_NAMES.items()}
    others = [*(alias for alias, _ in place_aliases()), *(m.name for m in municipalities()), *_old_names().values()]
    return {name: name for name in others} | regions
