"""A collection round that a home adds in its settings."""


def round_of_2026(*years: int) -> str:
    """The table of a round over some reporting years, for ``settings.toml``."""
    return f"""
[rounds.2026]
reporting_years = {list(years)}
delivery_start = 2026-04-01
delivery_end = 2026-06-01
withdrawal_start = 2026-06-15
withdrawal_end = 2026-06-19
processing_start = 2026-06-22
advice_month = "2026-09"
publication_month = "2026-10"
source = "letter of CBS"
"""
