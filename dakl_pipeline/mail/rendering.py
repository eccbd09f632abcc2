"""How a notice looks: as plain text and as HTML.

Belongs here: layout and escaping. Does not belong here: sentences (``notice``). The HTML needs nothing from outside and
everything that comes from a delivery is escaped.
"""

from collections.abc import Iterable
from html import escape
from textwrap import fill

from dakl_pipeline.mail.groups import FindingGroup
from dakl_pipeline.mail.notice import Notice

_WIDTH = 76
_SEVERITY = {"error": "fout", "warning": "waarschuwing", "notice": "aandachtspunt"}
_STEPS, _FINDINGS = "Wat u nu kunt doen", "Bevindingen"
_RECEIPT = {"failed": "De run", "reminder": "De kalender"}
_RECEIPT_OF_ENTRY = "Ontvangstbewijs"
_CLOSING = (
    "Vragen? Beantwoord deze mail en noem het nummer hierboven. Zet nooit persoonsgegevens in een mail.",
    "CBS, Monitor Dakloosheid",
)
# Contrast of each with white: at least 5 to 1.
_COLOUR = {
    "approved": "#1d6b37",
    "rejected": "#a8201a",
    "withdrawn": "#3d4a6b",
    "cancelled": "#3d4a6b",
    "failed": "#a8201a",
    "reminder": "#3d4a6b",
}
_BORDER = {"error": "#a8201a", "warning": "#8a5a00", "notice": "#3d4a6b"}
_FONT = "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;color:#1f1f1f"
_CELL = "padding:4px 16px 4px 0;text-align:left;vertical-align:top;font-size:14px"


def as_text(notice: Notice) -> str:
    """The notice as plain text, in lines of at most 76 characters where words allow it."""
    parts = [notice.headline.upper(), *map(_wrapped, notice.paragraphs)]
    if notice.steps:
        parts.append(_titled(_STEPS, "\n".join(_wrapped(step, "- ") for step in notice.steps)))
    if notice.groups:
        parts.append(_titled(_FINDINGS, "\n\n".join(map(_group_as_text, notice.groups))))
    width = max(len(label) for label, _ in notice.receipt)
    parts.append(
        _titled(_receipt_title(notice), "\n".join(f"{label:<{width}}  {value}" for label, value in notice.receipt))
    )
    return "\n\n".join([*parts, *map(_wrapped, _CLOSING)]) + "\n"


def _receipt_title(notice: Notice) -> str:
    return _RECEIPT.get(notice.outcome, _RECEIPT_OF_ENTRY)


def _titled(title: str, text: str) -> str:
    return f"{title}\n{'-' * len(title)}\n{text}"


def _wrapped(text: str, start: str = "") -> str:
    indent = " " * len(start)
    return fill(
        text, _WIDTH, initial_indent=start, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _found(group: FindingGroup) -> list[str]:
    return [f"{m.where}: {m.text}" if m.where else m.text for m in group.messages]


def _to_do(group: FindingGroup) -> str:
    if group.explained_on:
        return f"U hebt dit toegelicht op {group.explained_on}; opnieuw toelichten is niet nodig."
    return f"Wat te doen: {group.action}"


def _group_as_text(group: FindingGroup) -> str:
    return "\n".join(
        [
            f"{group.title} ({_SEVERITY[group.severity]}, {group.count})",
            *(_wrapped(text, "  - ") for text in _found(group)),
            _wrapped(_to_do(group), "  "),
            *([] if group.explained_on else [_wrapped(f"Door: {group.actor}", "  ")]),
        ]
    )


def as_html(notice: Notice) -> str:
    """The notice as a page without scripts, pictures or links."""
    colour = _COLOUR[notice.outcome]
    body = [
        f'<h1 style="margin:0 0 16px;padding:12px 16px;font-size:22px;color:#ffffff;background:{colour}">'
        f"{escape(notice.headline)}</h1>",
        *map(_paragraph, notice.paragraphs),
    ]
    if notice.steps:
        body += [_heading(_STEPS), _list(notice.steps)]
    if notice.groups:
        body += [_heading(_FINDINGS), *map(_group_as_html, notice.groups)]
    body += [_heading(_receipt_title(notice)), _receipt(notice), *map(_paragraph, _CLOSING)]
    return (
        '<!DOCTYPE html>\n<html lang="nl">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(notice.headline)}</title>\n</head>\n"
        f'<body style="margin:0;padding:16px;background:#ffffff;{_FONT}">\n<div style="max-width:640px">\n'
        + "\n".join(body)
        + "\n</div>\n</body>\n</html>\n"
    )


def _paragraph(text: str) -> str:
    return f'<p style="margin:0 0 12px">{escape(text)}</p>'


def _heading(text: str) -> str:
    return f'<h2 style="margin:24px 0 8px;font-size:18px">{escape(text)}</h2>'


def _list(items: Iterable[str]) -> str:
    rows = "".join(f'<li style="margin:0 0 4px">{escape(item)}</li>\n' for item in items)
    return f'<ul style="margin:0 0 8px;padding-left:24px">\n{rows}</ul>'


def _group_as_html(group: FindingGroup) -> str:
    return (
        f'<div style="margin:0 0 16px;padding-left:12px;border-left:4px solid {_BORDER[group.severity]}">\n'
        f'<h3 style="margin:0 0 4px;font-size:16px">{escape(group.title)} '
        f'<span style="font-weight:normal">({_SEVERITY[group.severity]}, {escape(group.count)})</span></h3>\n'
        + (f"{_list(_found(group))}\n" if group.messages else "")
        + f"{_paragraph(_to_do(group) if group.explained_on else f'{_to_do(group)} Door: {group.actor}.')}\n</div>"
    )


def _receipt(notice: Notice) -> str:
    rows = "\n".join(
        f'<tr><th scope="row" style="{_CELL}">{escape(label)}</th>'
        f'<td style="{_CELL};word-break:break-all">{escape(value)}</td></tr>'
        for label, value in notice.receipt
    )
    return f'<table style="border-collapse:collapse;margin:0 0 16px">\n<tbody>\n{rows}\n</tbody>\n</table>'
