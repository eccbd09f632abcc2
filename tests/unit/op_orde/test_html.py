"""The page: basically valid, self-contained, readable by a screen reader, escaped, the same for the same report."""

from html.parser import HTMLParser
from itertools import pairwise

import pytest

from dakl_pipeline.op_orde.html import to_html
from dakl_pipeline.op_orde.report import OpOrdeReport
from tests.support.delivery_files import CANARIES, V_CANARY
from tests.support.reports import BRAM, CEES, explanation, report, row

VOID = {"meta", "br", "hr", "img", "link", "input"}
SHAPES = {"rect", "line"}


Element = tuple[str, dict[str, str | None], tuple[str, ...]]


class _Page(HTMLParser):
    """Elements with their attributes and ancestors; fails on a tag that is not closed properly."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self._open)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES | VOID
        self.elements.append((tag, dict(attrs), tuple(self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, *tags: str) -> list[Element]:
        return [(tag, attributes, within) for tag, attributes, within in self.elements if tag in tags]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


FIRST = [
    row(),
    row(BRAM, gemeente="9999"),
    row(CEES, start="2022-01-01", end="", request=""),
    row("123456789"),
    row(""),
]
SECOND = [*FIRST[:3], row("", v_number=""), row(), row(BRAM, gemeente="141", kind="0302")]
REPORTS = {
    "first delivery": report(FIRST),
    "correction": report(SECOND, FIRST, explanations=[explanation("long_open", "Woont er nog.")]),
    "nothing found": report([row()]),
    "all explained": report([row(gemeente="9999")], explanations=[explanation("gemeente_unknown", "Nieuwe code.")]),
    "withdrawn": report([row()]).model_copy(update={"status": "withdrawn", "correct_until": None}),
    "superseded": report(FIRST).model_copy(update={"status": "superseded", "correct_until": None}),
}


@pytest.fixture(params=list(REPORTS.values()), ids=list(REPORTS))
def page(request: pytest.FixtureRequest) -> _Page:
    return _Page(to_html(request.param).decode("utf-8"))


def test_the_basics(page: _Page) -> None:
    ((_, attributes, _),) = page.all("html")
    assert attributes["lang"] == "nl"
    assert len(page.all("h1")) == len(page.all("title")) - len(page.all("svg")) == len(page.all("main")) == 1
    assert ("meta", {"charset": "utf-8"}, ("html", "head")) in page.elements


def test_headings_skip_no_level(page: _Page) -> None:
    levels = [int(tag[1]) for tag, _, _ in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_scoped_headers(page: _Page) -> None:
    assert len(page.all("table")) == len(page.all("caption")) >= 7
    scopes = [attributes.get("scope") for _, attributes, _ in page.all("th")]
    assert set(scopes) <= {"col", "row", "colgroup"}


def test_ids_are_unique_and_every_reference_leads_somewhere(page: _Page) -> None:
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    referred = [
        name
        for _, attributes, _ in page.elements
        for key in ("aria-labelledby", "aria-describedby")
        for name in (attributes.get(key) or "").split()
    ]
    links = [str(attributes["href"]).removeprefix("#") for _, attributes, _ in page.all("a")]
    assert set(referred) | set(links) <= set(ids)


def test_every_picture_has_words(page: _Page) -> None:
    pictures = page.all("svg")
    assert len(pictures) == 3
    assert all(attributes["role"] == "img" and attributes["aria-labelledby"] for _, attributes, _ in pictures)
    assert len([within for _, _, within in page.all("desc") if within[-1] == "svg"]) == 3


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(page: _Page) -> None:
    assert page.all("script", "link", "img", "iframe", "object", "form", "base") == []
    for _, attributes, _ in page.elements:
        assert not {name for name in attributes if name.startswith("on") or name in ("src", "srcset", "action")}
        assert str(attributes.get("href", "#")).startswith("#")


@pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS.keys())
def test_no_address_no_number_and_the_same_bytes(made: OpOrdeReport) -> None:
    html = to_html(made)
    assert b"http:" not in html
    assert b"https:" not in html
    assert b"url(" not in html
    assert not [number for number in (*CANARIES, V_CANARY, "123456789") if number.encode() in html]
    assert to_html(made) == html


EVIL = '<script>alert(1)</script> "><img src=x onerror=alert(1)> {{ 7*7 }} =HYPERLINK("x") \' & café'


@pytest.mark.parametrize(
    "made",
    [
        report([row(gemeente="9999")], explanations=[explanation("gemeente_unknown", EVIL)]),
        report([row()], [row()], file_name=EVIL),
        report([row()], supplier=EVIL),
    ],
    ids=["explanation", "file name", "supplier"],
)
def test_text_of_a_supplier_is_shown_as_it_is(made: OpOrdeReport) -> None:
    page = _Page(to_html(made).decode("utf-8"))
    assert EVIL in page.text
    assert page.all("script", "img") == []


def test_a_finding_says_what_to_do_where_and_how_it_stands() -> None:
    text = _Page(to_html(REPORTS["correction"]).decode("utf-8")).text
    for said in (
        "Uw bestand is goedgekeurd, met 3 waarschuwingen en 1 aandachtspunt.",
        "uiterlijk op 18 juni 2025",
        "Vul het BSN in, of het V-nummer als er geen BSN is. (leverancier)",
        "Regel in het bestand 5",
        "De regel is gelijk aan regel 2.",
        "Uw toelichting van 3 mei 2025 Woont er nog.",
        "nog aanwezig",
        "opgelost",
        "2 mei 2025 om 14.05 uur",
    ):
        assert said in text


def test_the_footnote_says_what_unique_means() -> None:
    text = _Page(to_html(REPORTS["first delivery"]).decode("utf-8")).text
    assert "Alle ontbrekende BSN's (leeg, of negen negens) tellen samen als één." in text
    assert "zijn 2 registraties zonder bruikbaar BSN: 1 zonder BSN en 1 met een BSN dat niet" in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("first delivery", "geen eerdere goedgekeurde aanlevering"),
        ("nothing found", "Uw bestand is goedgekeurd, zonder bevindingen."),
        ("all explained", "Uw bestand is goedgekeurd, en elke bevinding is toegelicht."),
        ("withdrawn", "Dit verslagjaar is ingetrokken."),
        ("superseded", "Er is een latere goedgekeurde aanlevering."),
        ("superseded", "zolang de aanleverperiode loopt"),
    ],
)
def test_the_page_says_how_the_delivery_stands(name: str, said: str) -> None:
    assert said in _Page(to_html(REPORTS[name]).decode("utf-8")).text


def test_many_rows_are_cut_with_words() -> None:
    made = report(
        [row(gemeente="9999", v_number=f"29{n:08}") if n % 2 else row(v_number=f"29{n:08}") for n in range(200)]
    )
    text = _Page(to_html(made).decode("utf-8")).text
    assert "3, 5, 7" in text
    assert "en verder" in text
