"""Texts that explain to a supplier who counts in a reporting year.

No register is consulted: the answer would reveal the age of a person.
"""

from dakl_pipeline.reference.methodology import Methodology


def adults_only_note(year: int, methodology: Methodology) -> str:
    """Return the sentence for a year that counts adults only (assumption A7); empty for any other year."""
    if year > methodology.adults_only_until_year:
        return ""
    return adults_only(year, methodology.adult_age)


def adults_only(year: int, age: int) -> str:
    """Return the sentence that only persons who have reached ``age`` count in a year."""
    return f"Over {year} tellen alleen personen mee die op 31 december {year} ten minste {age} jaar waren."
