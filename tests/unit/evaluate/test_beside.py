"""What stands beside our figures: where cases come from, and what others published."""

import tomllib

import pytest

from wetread.domain.clinical_data import load_vocabulary, shipped
from wetread.errors import ClinicalDataInvalid, InputError
from wetread.evaluate.beside import WARNING, About, published, published_text, read_about
from wetread.evaluate.labels import labels_of

VOCABULARY = load_vocabulary()


def beside(folder, text):
    (folder / "cases.about.toml").write_text(text, encoding="utf-8")
    return read_about(folder / "cases.csv")


def test_what_nobody_told_is_unknown(tmp_path):
    assert read_about(tmp_path / "cases.csv") == About()
    assert beside(tmp_path, 'source = "our ward"').licence == "unknown"


@pytest.mark.parametrize("text", ['sauce = "x"', "source = 3", "source = ", "source = '\x00'"])
def test_a_file_that_says_something_else_is_refused_by_name(tmp_path, text):
    with pytest.raises(InputError, match=r"cases\.about\.toml"):
        beside(tmp_path, text)


def test_every_published_finding_is_of_the_vocabulary_and_every_figure_a_share_with_its_reference():
    told = tomllib.loads(shipped("published.toml"))
    for row in told["auroc"]:
        assert set(row["codes"]) <= set(VOCABULARY.terms), row["by"]
        assert all(0.5 <= value <= 1 for value in row["codes"].values())
    assert all(row["reference"] and row["on"] for row in (*told["auroc"], *told["other"]))


def test_published_figures_are_told_of_the_findings_that_are_judged_and_of_no_other():
    rows = published(labels_of({"Effusion", "Mass"}, VOCABULARY))
    assert {row.code for row in rows} == {"wr:pleural-effusion", None}
    assert WARNING in published_text(rows)
    assert published(labels_of({"Mass"}, VOCABULARY)) == ()


@pytest.mark.parametrize("change", [("on = ", "at = "), ("0.77", '"0.77"'), ("[[other]]", "[[others]]")])
def test_a_file_of_published_figures_that_lacks_something_or_says_more_is_refused_by_name(change):
    with pytest.raises(ClinicalDataInvalid, match=r"published\.toml"):
        published(labels_of({"Effusion"}, VOCABULARY), shipped("published.toml").replace(*change))
