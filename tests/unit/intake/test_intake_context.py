import json

import pytest

from wetread.domain.order import Laboratory, OrderPriority, PriorReport
from wetread.errors import ContextInvalid
from wetread.intake import read_context


def context(tmp_path, content):
    path = tmp_path / "context.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_context(path)


def test_one_object_is_for_every_study(tmp_path):
    full = {
        "age": "061Y",
        "sex": "female",
        "symptoms": ["cough", "fever"],
        "history": "COPD",
        "labs": {"CRP": 120},
        "priors": ["Normal chest.", {"date": "2024-05-01", "text": "Effusion."}],
        "clinical_question": "Pneumonia?",
        "chief_complaint": "Dyspnoea",
        "accession_number": 4711,
        "priority": "S",
    }
    order = context(tmp_path, full)["*"]
    assert (order.age_years, order.sex, order.priority) == (61, "F", OrderPriority.STAT)
    assert (order.symptoms, order.history) == (("cough", "fever"), ("COPD",))
    assert order.laboratory == (Laboratory(name="CRP", value="120"),)
    assert order.priors[1] == PriorReport(date="2024-05-01", text="Effusion.")
    assert order.accession_number == "4711"


def test_each_study_may_have_its_own(tmp_path):
    orders = context(tmp_path, {"studies": {"1.2.3": {"age": 5}, "film.png": {"priority": "routine"}}})
    assert orders["1.2.3"].age_years == 5
    assert orders["film.png"].priority is OrderPriority.ROUTINE


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"agee": 5}, "agee"),
        ({"age": -1}, "age"),
        ({"age": "old"}, "age"),
        ({"sex": "x"}, "sex"),
        ({"priority": "soon"}, "priority"),
        ({"priors": [{"date": "May", "text": "a"}]}, r"priors\.0\.date"),
        ({"labs": [{"name": "CRP"}]}, r"labs\.0\.value"),
        ({"studies": {"1.2": {"age": "x"}}}, r"studies\.1\.2\.age"),
        ({"studies": {}, "age": 3}, "studies"),
        ({"symptoms": ["x" * 30_000]}, "symptoms"),
        ("[1]", "JSON object"),
        ("{", "line 1"),
        (" " * (5 << 20), "bytes"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, content, named):
    with pytest.raises(ContextInvalid, match=named):
        context(tmp_path, content)


def test_the_message_never_quotes_what_stands_in_the_file(tmp_path):
    with pytest.raises(ContextInvalid) as caught:
        context(tmp_path, {"age": "Smith^John"})
    assert "Smith" not in str(caught.value)
