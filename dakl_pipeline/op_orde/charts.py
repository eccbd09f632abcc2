"""Bar charts of the report as inline SVG, with the current and the previous delivery side by side.

Every chart has a title and a description for screen readers; the same numbers are in a table of the report. Sizes are
in units of the chart, with at most one decimal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dakl_pipeline.op_orde.layout import NOT_DELIVERED, Value, number

_WIDTH = 640
_TEXT_HEIGHT = 4.5
_LEGEND_HEIGHT = 26


@dataclass(frozen=True)
class Chart:
    """The content of a chart.

    Attributes:
        id: Anchor, unique on the page.
        title: Title.
        labels: The categories.
        current: A value for each category, None if unknown.
        previous: The values of the previous delivery; None if there is none.
        unit: Unit after a number: empty or ``%``.
        maximum: End of the scale, drawn behind each bar; the largest value when None.
    """

    id: str
    title: str
    labels: Sequence[str]
    current: Sequence[Value]
    previous: Sequence[Value] | None
    unit: str = ""
    maximum: float | None = None

    @property
    def scale(self) -> float:
        """The value at the end of the scale."""
        values = [value or 0 for value in (*self.current, *(self.previous or ()))]
        return self.maximum or max(values, default=0) or 1

    def description(self) -> str:
        """Return the chart in words (Dutch)."""
        parts = []
        for place, label in enumerate(self.labels):
            text = f"{label}: {number(self.current[place], self.unit)}"
            if self.previous is not None:
                text += f" (eerder {number(self.previous[place], self.unit)})"
            parts.append(text)
        return "; ".join(parts) + "."


def horizontal_bars(chart: Chart, *, label_width: int = 150) -> Markup:
    """Draw a chart with a horizontal bar for each category.

    Args:
        chart: The content.
        label_width: Width of the labels.

    Returns:
        The ``svg`` element.
    """
    series = _series(chart)
    bar, gap = (13, 11) if len(series) > 1 else (18, 12)
    group = bar * len(series) + gap
    top = _LEGEND_HEIGHT if chart.previous is not None else 4
    room = _WIDTH - label_width - 70
    parts = [_legend(label_width)] if chart.previous is not None else []
    parts.append(_line(label_width, top, label_width, top + group * len(chart.labels) - gap + 4))
    for place, label in enumerate(chart.labels):
        y = top + place * group + 2
        middle = y + bar * len(series) / 2 + _TEXT_HEIGHT
        parts.append(_text(label_width - 10, middle, label, "label", "end"))
        for name, values in series:
            value = values[place]
            length = room * (value or 0) / chart.scale
            if value is None:
                parts.append(_text(label_width + 6, y + bar / 2 + _TEXT_HEIGHT, NOT_DELIVERED, "absent"))
            else:
                if chart.maximum is not None:
                    parts.append(_bar(label_width, y, room, bar - 2, "track"))
                parts.append(_bar(label_width, y, length, bar - 2, name))
                shown = number(value, chart.unit)
                parts.append(_text(label_width + length + 6, y + bar / 2 + _TEXT_HEIGHT - 1, shown, f"value {name}"))
            y += bar
    return _svg(chart, parts, top + group * len(chart.labels) + 2)


def vertical_bars(chart: Chart, *, height: int = 150) -> Markup:
    """Draw a chart with a vertical bar for each category and labels below.

    Args:
        chart: The content.
        height: Height of the longest bar.

    Returns:
        The ``svg`` element.
    """
    series = _series(chart)
    slot = _WIDTH / len(chart.labels)
    bar = slot * 0.72 / len(series)
    top = 16 + (_LEGEND_HEIGHT if chart.previous is not None else 0)
    parts = [_legend(0)] if chart.previous is not None else []
    for place, label in enumerate(chart.labels):
        x = place * slot + (slot - bar * len(series)) / 2
        parts.append(_text(place * slot + slot / 2, top + height + 18, label, "label", "middle"))
        for name, values in series:
            value = values[place] or 0
            length = height * value / chart.scale
            parts.append(_bar(x, top + height - length, bar - 1.5, length, name))
            # There is room for one number above a pair of bars: that of the current delivery.
            if name == "current":
                shown = number(value, chart.unit)
                parts.append(_text(x + bar / 2 - 0.7, top + height - length - 5, shown, "value current", "middle"))
            x += bar
    parts.append(_line(0, top + height, _WIDTH, top + height))
    return _svg(chart, parts, top + height + 28)


def _series(chart: Chart) -> list[tuple[str, Sequence[Value]]]:
    current = [("current", chart.current)]
    return current if chart.previous is None else [*current, ("previous", chart.previous)]


def _svg(chart: Chart, parts: Sequence[Markup], height: float) -> Markup:
    opening = Markup(
        '<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-titel {id}-tekst">'
        '<title id="{id}-titel">{title}</title><desc id="{id}-tekst">{description}</desc>'
    ).format(width=_WIDTH, height=_size(height), id=chart.id, title=chart.title, description=chart.description())
    return opening + Markup("").join(parts) + Markup("</svg>")


def _legend(x: float) -> Markup:
    first, second = _bar(x, 3, 12, 12, "current"), _bar(x + 150, 3, 12, 12, "previous")
    words = _text(x + 18, 13, "huidige aanlevering", "label"), _text(x + 168, 13, "eerdere aanlevering", "label")
    return Markup("").join((first, words[0], second, words[1]))


def _bar(x: float, y: float, width: float, height: float, name: str) -> Markup:
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        name, _size(x), _size(y), _size(max(width, 0.0)), _size(max(height, 0.0))
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(*map(_size, (x1, y1, x2, y2)))


def _text(x: float, y: float, text: str, name: str, anchor: str = "start") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        name, _size(x), _size(y), anchor, text
    )


def _size(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
