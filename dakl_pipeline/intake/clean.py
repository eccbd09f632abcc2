"""Recognising a block of lines in which no value is wrong, from its text alone.

Belongs here: the pattern of a line without a fault or notice, as most lines are. Does not belong here: finding out what
is wrong (``rules.py``); a block that is not recognised is tested rule by rule. What is recognised must hold for every
rule of ``RULES_OF_A_CLEAN_LINE``; a test compares the two ways.
"""

import re
from functools import cache

import polars as pl

from dakl_pipeline import reference
from dakl_pipeline.intake.catalogue import catalogue
from dakl_pipeline.intake.values import BSN_LENGTH, CODE_LENGTH, DATE_COLUMNS, V_NUMBER_LENGTH, Context

RULES_OF_A_CLEAN_LINE = frozenset(
    {
        "required_empty",
        "date_format",
        "date_nonexistent",
        "code_format",
        "shelter_type_unknown",
        "bsn_format",
        "end_reason_unknown",
        "end_reason_other_standard",
        "v_number_format",
        "v_number_zero_lost",
        "bsn_padded",
        "code_padded",
        "year_end_swapped",
    }
)

_DATE = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"


def is_clean(data: bytes, columns: tuple[str, ...], context: Context) -> bool:
    r"""Whether no line breaks a rule of ``RULES_OF_A_CLEAN_LINE``, apart from dates that do not exist.

    Args:
        data: whole lines, each ended by ``\n``.
        columns: the delivered columns.
        context: the delivery.

    Returns:
        True only when that is certain.
    """
    if not data.isascii():
        return False
    return bool(pl.Series([data.decode("ascii")]).str.contains(_lines(columns, context)).item())


def has_unread_date(delivered: pl.DataFrame, typed: pl.DataFrame) -> bool:
    """Whether a date in lines that are clean otherwise does not exist (30 February).

    Args:
        delivered: the delivered columns.
        typed: what was read of them, with the columns of ``values.typed_expressions``.
    """
    names = {column: name for column, name in DATE_COLUMNS.items() if column in delivered.columns}
    filled = delivered.select((pl.col(*names) != "").sum()).row(0)
    return filled != typed.select(pl.col(*names.values()).count()).row(0)


@cache
def _lines(columns: tuple[str, ...], context: Context) -> str:
    code = f"[0-9]{{{CODE_LENGTH}}}"
    fields = {
        "aanmaakdatum": _DATE,
        "gemeentecode": code,
        "bsn": f"(?:[0-9]{{{BSN_LENGTH}}})?",
        "type_opvang": _one_of(context.shelter_type_codes(), code),
        "startdatum": _DATE,
        "einddatum": f"(?:{_DATE})?",
        "meldingsdatum": f"(?:{_DATE})?",
        "reden_einde": f"{_one_of([reason.code for reason in reference.end_reasons()], '')}?",
        "v_nummer": f"(?:[0-9]{{{V_NUMBER_LENGTH}}})?",
    }
    line = re.escape(catalogue().separator).join(fields[column] for column in columns)
    return rf"\A(?:{line}\n)*\z"


def _one_of(codes: list[str], form: str) -> str:
    """A pattern for the codes of a list that have this form."""
    return f"(?:{'|'.join(re.escape(code) for code in codes if not form or re.fullmatch(form, code))})"
