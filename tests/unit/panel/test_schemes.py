"""The scales met elsewhere map in and out without loss, and nothing unknown becomes routine."""

import pytest

from wetread.domain.urgency import Priority
from wetread.panel import load_schemes, stated_confidence

SCHEMES = load_schemes()
TABLE = {
    "three_words": ["Critical", "Urgent", "Urgent", "Routine", "Routine", "Urgent"],
    "four_words": ["CRITICAL", "HIGH", "MODERATE", "LOW", "LOW", "HIGH"],
    "five_numbers": ["5", "4", "3", "2", "1", "4"],
    "five_numbers_worst_is_one": ["1", "2", "3", "4", "5", "2"],
}
OURS = [Priority.P1, Priority.P2, Priority.P3, Priority.P4, Priority.P5, Priority.UNREAD]


@pytest.mark.parametrize("name", TABLE)
def test_each_priority_is_exported_as_the_table_says(name):
    assert [SCHEMES[name].write(priority).word for priority in OURS] == TABLE[name]


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_every_foreign_word_comes_back_as_itself_and_is_kept(scheme):
    for word in scheme.inward:
        assert scheme.read(word).word == word
        assert scheme.write(scheme.read(word).priority).word == word


def test_export_never_rounds_down():
    for scheme in SCHEMES.values():
        for priority in OURS:
            assert scheme.inward[scheme.write(priority).word].rank <= priority.rank


def test_unread_is_exported_with_its_error():
    for scheme in SCHEMES.values():
        assert scheme.write(Priority.UNREAD).error == "AI did not read this"
        assert scheme.write(Priority.P2).error is None


@pytest.mark.parametrize("word", ["", "Normal", "6", "none", "ROUTINEish"])
def test_an_unknown_word_is_an_error_and_never_routine(word):
    for scheme in SCHEMES.values():
        with pytest.raises(ValueError, match="no word of the scale"):
            scheme.read(word)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (None, (None, None)),
        ("", (None, None)),
        ("High", (0.85, "verbal")),
        ("moderate", (0.6, "verbal")),
        ("low", (0.3, "verbal")),
        (0.42, (0.42, "stated")),
        (42, (0.42, "stated")),
        ("42%", (0.42, "stated")),
        (1, (1.0, "stated")),
    ],
)
def test_a_confidence_is_normalised_and_a_missing_one_stays_missing(told, meant):
    assert stated_confidence(told) == meant


@pytest.mark.parametrize("told", ["quite", -1, 101])
def test_a_confidence_that_means_nothing_is_an_error(told):
    with pytest.raises(ValueError, match="confidence"):
        stated_confidence(told)
