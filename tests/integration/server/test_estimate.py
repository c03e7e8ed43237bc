"""What readers would take for a study is predicted from its own pictures, and unknown is never 0."""

from dataclasses import replace

import pytest
from stored_studies import FILM, taken_in

from wetread.settings import Settings

API = "/api/v1"
GPT = {"kind": "vision", "provider": "openai", "model_id": "gpt-4.1"}
ODD = {"kind": "vision", "provider": "openai-compatible", "model_id": "no-such-model", "base_url": "http://127.0.0.1:9"}


def with_readers(house, **more):
    """The house with these vision readers configured."""
    settings = Settings(data_dir=house.settings.data_dir, readers={"gpt": GPT, "odd": ODD}, **more)
    house.app.state.ground = replace(house.app.state.ground, service=replace(house.service, settings=settings))


def estimated(house, study_id, *readers):
    answer = house.client().get(f"{API}/studies/{study_id}/estimate", params={"reader": list(readers)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_embedded_reader_costs_nothing(small_house):
    (study_id,) = taken_in(small_house, FILM)
    told = estimated(small_house, study_id)
    assert [one["reader"] for one in told["readers"]] == ["embedded"]
    assert (told["usd"], told["usd_at_most"], told["readers"][0]["input_tokens"]) == (0, 0, 0)


def test_a_vision_reader_is_predicted_from_the_studys_own_pictures(small_house):
    with_readers(small_house)
    (study_id,) = taken_in(small_house, FILM)
    (one,) = estimated(small_house, study_id, "gpt")["readers"]
    assert (one["model_id"], one["calls"]) == ("gpt-4.1", 1)
    assert one["images"] >= 1
    assert one["input_tokens"] > 500
    assert 0 < one["usd"] <= one["usd_at_most"]


def test_an_unknown_price_is_unknown_and_makes_the_sum_unknown(small_house):
    with_readers(small_house)
    (study_id,) = taken_in(small_house, FILM)
    told = estimated(small_house, study_id, "gpt", "odd")
    odd = told["readers"][1]
    assert odd["usd"] is None
    assert odd["unknown"]
    assert odd["input_tokens"] > 0
    assert told["usd"] is None


def test_a_cascade_says_when_its_second_reader_is_asked(small_house):
    with_readers(small_house, cascades={"screen": {"first": "embedded", "then": "gpt"}})
    (study_id,) = taken_in(small_house, FILM)
    first, second = estimated(small_house, study_id, "screen")["readers"]
    assert (first["reader"], first["only_if"], second["reader"]) == ("embedded", None, "gpt")
    assert "embedded is uncertain" in second["only_if"]


@pytest.mark.parametrize(
    ("reader", "study", "words"), [("nobody", None, "no reader called"), ("gpt", "0" * 32, "study")]
)
def test_what_is_not_there_is_told(small_house, reader, study, words):
    with_readers(small_house)
    (study_id,) = taken_in(small_house, FILM)
    answer = small_house.client().get(f"{API}/studies/{study or study_id}/estimate", params={"reader": reader})
    assert answer.status_code == 404
    assert words in answer.json()["detail"]
