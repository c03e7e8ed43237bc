"""Everyday words of a refusal are no findings: talk ends as an unusable answer, never as a routine read."""

import pytest
from asked import sheet

from wetread.errors import AnswerUnusable
from wetread.readers.answers import understand


@pytest.mark.parametrize(
    "text",
    [
        "I can't help with medical images. Is there any other way I can help?",
        "The picture shows a cat on the other side of a road.",
        "No other text.",
        "Please ask another question.",
    ],
)
def test_talk_without_a_finding_is_unusable(text):
    with pytest.raises(AnswerUnusable):
        understand(text, sheet(), ())
