"""Pages from templates: text of a supplier is never markup, and nothing is left out silently."""

from pathlib import Path

import jinja2
import pytest

from dakl_pipeline.presentation.pages import page_template


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "letters_of_a_test").mkdir()
    (tmp_path / "letters_of_a_test" / "__init__.py").touch()
    (tmp_path / "letters_of_a_test" / "page.j2").write_text("<p>{{ said | loud }} {{ loud(said) }}</p>\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "letters_of_a_test"


def test_every_value_is_escaped_also_what_a_function_made_of_it(package: str) -> None:
    template = page_template(package, "page.j2", {"loud": str.upper})
    assert template.render(said="<b>") == "<p>&lt;B&gt; &lt;B&gt;</p>\n"


def test_a_value_that_is_missing_stops_the_page(package: str) -> None:
    with pytest.raises(jinja2.UndefinedError):
        page_template(package, "page.j2", {"loud": lambda text: text}).render()
