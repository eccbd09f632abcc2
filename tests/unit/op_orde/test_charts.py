"""Charts: proportional lengths, words for each value, escaped text."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from markupsafe import Markup

from dakl_pipeline.op_orde.charts import Chart, horizontal_bars, vertical_bars


def _rects(svg: Markup, name: str, side: str) -> list[float]:
    return [float(size) for size in re.findall(rf'<rect class="{name}"[^>]*? {side}="([0-9.]+)"', str(svg))]


def _chart(**more: Any) -> Chart:
    return replace(Chart(id="c", title="Titel", labels=["a", "b"], current=[10, 20], previous=None), **more)


@pytest.mark.parametrize(("draw", "side"), [(horizontal_bars, "width"), (vertical_bars, "height")])
def test_bars_are_in_proportion(draw: Callable[[Chart], Markup], side: str) -> None:
    first, second = _rects(draw(_chart()), "current", side)
    assert second == pytest.approx(2 * first, abs=0.2)


def test_a_scale_of_its_own() -> None:
    assert max(_rects(horizontal_bars(_chart(maximum=100)), "current", "width")) == pytest.approx(420 * 0.2)


@pytest.mark.parametrize("draw", [horizontal_bars, vertical_bars])
@pytest.mark.parametrize("values", [[0, 0], [1, 0], [10**6, 3]])
def test_any_value_can_be_drawn(draw: Callable[[Chart], Markup], values: list[int]) -> None:
    svg = str(draw(_chart(current=values, previous=values)))
    assert svg.count('class="previous"') >= 2
    assert "nan" not in svg
    # No number is so long that it could be mistaken for a person's.
    assert not re.search("[0-9]{8,}", svg)


def test_the_description_tells_every_value() -> None:
    chart = _chart(current=[10, None], previous=[5, 1], unit="%")
    assert chart.description() == "a: 10% (eerder 5%); b: niet in het bestand (eerder 1%)."
    assert "niet in het bestand</text>" in str(horizontal_bars(chart))


@pytest.mark.parametrize("draw", [horizontal_bars, vertical_bars])
def test_labels_and_titles_are_escaped(draw: Callable[[Chart], Markup]) -> None:
    svg = str(draw(_chart(title="<b>&", labels=["<script>", "b"])))
    assert "<script>" not in svg
    assert "<b>" not in svg
    assert "&lt;script&gt;" in svg
