"""The rules that compare the registrations of one file with each other: duplicates and overlapping stays.

Belongs here: rules over the whole file. Does not belong here: rules that look at one registration (``rules.py``).
Each rule gives ``line_number`` and ``other_row`` (UInt32): the row that is reported and the one it clashes with.
"""

from collections.abc import Callable, Mapping

import polars as pl

from dakl_pipeline.intake.eleven_test import passes_eleven_test
from dakl_pipeline.intake.fields import ROW

TableRule = Callable[[pl.DataFrame], pl.DataFrame]

# The key of a stay fits in one number of 64 bits (BSN 30, type 14, day 20): far quicker to sort and compare.
_DAY_BITS = 20
_NO_BSN = 10**9
_NO_END = 2**_DAY_BITS - 1
