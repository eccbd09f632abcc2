"""Renders a mail as plain text and as HTML.

The page uses no external resources, has one column that fits a phone, and escapes everything that comes from a
delivery.
"""

from functools import cache
from textwrap import fill

import jinja2

from dakl_pipeline.intake.catalogue import SEVERITIES
from dakl_pipeline.mail.content import MailContent
from dakl_pipeline.mail.groups import FindingGroup
from dakl_pipeline.presentation.pages import page_template

_WIDTH = 76
_FIRST, _STEPS, _FINDINGS = "Eerst dit", "Wat u nu kunt doen", "Bevindingen"
_RECEIPT = {"failed": "De run", "reminder": "De kalender"}
_RECEIPT_OF_ENTRY = "Ontvangstbewijs"
_QUESTIONS = "Vragen? Beantwoord deze mail en noem het nummer hierboven. Zet nooit persoonsgegevens in een mail."
_SIGNED = "CBS, Monitor Dakloosheid"


def as_text(content: MailContent, greeting: str) -> str:
    """Return the mail as plain text, in lines of at most 76 characters.

    Args:
        content: Its content.
        greeting: Its first line.
    """
    parts = [*map(_wrapped, (content.headline.upper(), greeting))]
    if content.first or content.diagnoses:
        parts.append(
            _titled(_FIRST, "\n\n".join([*map(_group_as_text, content.first), *map(_wrapped, content.diagnoses)]))
        )
    parts += map(_wrapped, content.paragraphs)
    if content.steps:
        parts.append(_titled(_STEPS, "\n".join(_wrapped(step, "- ") for step in content.steps)))
    if content.groups:
        note = [_wrapped(content.note)] if content.note else []
        parts.append(_titled(_FINDINGS, "\n\n".join([*note, *map(_group_as_text, content.groups)])))
    parts.append(_titled(_receipt_title(content), _receipt(content)))
    return "\n\n".join([*parts, *map(_wrapped, _closing(content))]) + "\n"


def as_html(content: MailContent, greeting: str) -> str:
    """Return the mail as an HTML page without scripts, pictures or links.

    Args:
        content: Its content.
        greeting: Its first line.
    """
    return _template().render(content=content, greeting=greeting, receipt_title=_receipt_title(content))


@cache
def _template() -> jinja2.Template:
    known = {
        "FIRST": _FIRST,
        "STEPS": _STEPS,
        "FINDINGS": _FINDINGS,
        "closing": _closing,
        "kind": _kind,
        "found": _found,
        "to_do": _to_do,
    }
    return page_template("dakl_pipeline.mail", "mail.html.j2", known)


def _receipt_title(content: MailContent) -> str:
    return _RECEIPT.get(content.outcome, _RECEIPT_OF_ENTRY)


def _closing(content: MailContent) -> tuple[str, ...]:
    """Return the last lines; a mail to an analyst does not invite a reply."""
    return (_SIGNED,) if content.outcome in _RECEIPT else (_QUESTIONS, _SIGNED)


def _titled(title: str, text: str) -> str:
    return f"{title}\n{'-' * len(title)}\n{text}"


def _wrapped(text: str, start: str = "") -> str:
    return fill(text, _WIDTH, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False)


def _receipt(content: MailContent) -> str:
    width = max(len(label) for label, _ in content.receipt)
    return "\n".join(
        f"{label:<{width}}  {value}"
        if width + 2 + len(value) <= _WIDTH
        else f"{label}\n{fill(value, _WIDTH, initial_indent='  ', subsequent_indent='  ', break_on_hyphens=False)}"
        for label, value in content.receipt
    )


def _kind(group: FindingGroup) -> str:
    return ", ".join([SEVERITIES[group.severity], group.count, *(["toegelicht"] if group.explained_on else [])])


def _found(group: FindingGroup) -> list[str]:
    return [f"{m.where}: {m.text}" if m.where else m.text for m in group.messages]


def _to_do(group: FindingGroup) -> str:
    if group.explained_on:
        return f"U hebt dit toegelicht op {group.explained_on}; opnieuw toelichten is niet nodig."
    return " ".join(filter(None, (group.asked_again, f"Wat te doen: {group.action} Door: {group.actor}.")))


def _group_as_text(group: FindingGroup) -> str:
    return "\n".join(
        [
            _wrapped(f"{group.title} ({_kind(group)})"),
            *(_wrapped(text, "  - ") for text in _found(group)),
            _wrapped(_to_do(group), "  "),
        ]
    )
