"""Who counts in a reporting year, as a supplier is told it.

No register is asked: that would tell how old one person is.
"""

from dakl_pipeline.reference.methodology import Methodology


def adults_only_note(year: int, methodology: Methodology) -> str:
    """Who counts by age in a year that counts adults only (assumption A7); empty for any other year."""
    if year > methodology.adults_only_until_year:
        return ""
    return adults_only(year, methodology.adult_age)


def adults_only(year: int, age: int) -> str:
    """The same sentence, for a year in which only who has reached an age counts."""
    return f"Over {year} tellen alleen personen mee die op 31 december {year} ten minste {age} jaar waren."
