"""The report is one page that needs nothing else, and says everything a result folder knows."""

import itertools
import re
from html.parser import HTMLParser

import pytest

import synfer as sf
from synfer.study.folder import StoreError
from synfer.study.report import report

pytestmark = pytest.mark.usefixtures("only_tiny")


class Page(HTMLParser):
    """Tags in order, and whether they nest."""

    VOID = ("meta", "img", "br", "link")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def page(tmp_path):
    sf.run("tiny", set={"seed": 2, "depth": [0, 3]}, out=tmp_path / "tiny")
    return report(tmp_path).read_text()


def test_the_page_needs_no_other_file(page):
    sources = [attrs.get("src") or attrs.get("href") for _, attrs in Page(page).tags]
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in sources if source)
    assert "http" not in page


def test_the_page_shows_title_question_verdict_and_figures(page):
    for text in (
        "coin&#39;s mean",
        "E[x] = exp(-depth)",
        "the mean falls [x]",
        "✓ holds",
        "✗ fails",
        "The mean falls with depth.",
    ):
        assert text in page


def test_the_page_shows_how_to_make_it_again(page):
    assert "synfer run tiny --preset quick --set &#39;depth=[0, 3]&#39; --set seed=2" in page


def test_every_figure_has_a_text_for_those_who_cannot_see_it(page):
    images = [attrs for tag, attrs in Page(page).tags if tag == "img"]
    assert [image["alt"] for image in images] == [
        "2 panels. A: plot of population rate [Hz] against depth of the inhibition [mV]. B: map of depth against throw."
    ]


def test_headings_go_down_one_level_at_a_time_and_ids_are_unique(page):
    tags = Page(page).tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h\d", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_text_from_results_is_escaped(tmp_path):
    sf.run("tiny", out=tmp_path / "tiny")
    path = tmp_path / "tiny" / "verdict.json"
    path.write_text(path.read_text().replace("it reaches zero", "<script>alert(1)</script>"))
    assert "<script>" not in report(tmp_path).read_text()


def test_the_same_results_give_the_same_page(tmp_path):
    sf.run("tiny", out=tmp_path / "tiny")
    assert report(tmp_path).read_bytes() == report(tmp_path).read_bytes()


def test_one_result_makes_a_page_too(tmp_path):
    sf.run("tiny", out=tmp_path / "tiny")
    assert "the mean falls" in report(tmp_path / "tiny").read_text()
    sf.run("tiny", out=tmp_path / "tiny")  # a report inside a result does not stand in the way of the next run


def test_a_result_whose_replacement_was_killed_is_in_the_report(tmp_path):
    sf.run("tiny", out=tmp_path / "tiny")
    (tmp_path / "tiny").rename(tmp_path / ".tiny.previous")  # what a kill between the two renames leaves
    assert "the mean falls" in report(tmp_path).read_text()


def test_no_results_and_damaged_ones_are_said_so(tmp_path):
    with pytest.raises(StoreError, match="no results"):
        report(tmp_path)
    sf.run("tiny", out=tmp_path / "tiny")
    (tmp_path / "tiny" / "figures" / "mean.png").unlink()
    with pytest.raises(StoreError, match="damaged"):
        report(tmp_path)
