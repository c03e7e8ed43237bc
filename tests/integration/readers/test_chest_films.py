"""The shipped reader on films that it never trained on: the gate, the ranking, the abstentions."""

import asyncio
import csv
import hashlib

import numpy as np
import pytest

from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.domain.study import Instance, InstanceKind
from wetread.errors import ReaderRefused
from wetread.imaging import prepare_instance
from wetread.readers import embedded_reader

ANY_AT_LEAST = 0.74  # the lower end of the card's interval on the whole test part
KEPT_AT_LEAST = 0.98
TURNED_AWAY_AT_LEAST = 0.98


@pytest.fixture(scope="module")
def reader():
    return embedded_reader()


def table(path):
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def ask(reader, path):
    """The answer for a picture declared as a frontal chest film, or None."""
    instance = Instance(
        file=path.name, path=path, sha256="0" * 64, size_bytes=path.stat().st_size, kind=InstanceKind.PICTURE,
        modality="DX", body_part="CHEST", projection="PA",
    )  # fmt: skip
    views = prepare_instance(instance, reader.plan).views
    try:
        return asyncio.run(reader.read(ReadRequest(study_ref="st-1", views=views, order=Order())))
    except ReaderRefused:
        return None


@pytest.fixture(scope="module")
def answers(reader, shared):
    films = [r for r in table(shared / "cxr" / "labels.csv") if r["collection"] == "nih_clean" and r["split"] == "test"]
    return [(film, ask(reader, shared / "cxr" / film["file"])) for film in films]


def test_the_gate_keeps_nearly_every_frontal_film(answers):
    kept = [answer for _, answer in answers if answer is not None]
    assert len(answers) == 152
    assert len(kept) >= KEPT_AT_LEAST * len(answers)


def test_films_with_a_finding_score_higher_than_films_without(answers):
    read = [(film["abnormal"] == "1", answer.abnormal_probability) for film, answer in answers if answer]
    sick, well = ([score for truth, score in read if truth is wanted] for wanted in (True, False))
    wins = np.mean([(a > b) + 0.5 * (a == b) for a in sick for b in well])
    assert wins >= ANY_AT_LEAST


def test_no_finding_is_flagged_on_most_films(answers):
    """A reader that cries wolf is worse than none: no code is present on more than a third of the films."""
    read = [answer for _, answer in answers if answer]
    for index, finding in enumerate(read[0].findings):
        share = np.mean([answer.findings[index].presence.value == "present" for answer in read])
        assert share <= 1 / 3, (finding.code, share)


def test_the_reader_turns_away_a_third_of_other_images_that_it_never_saw(reader, shared):
    kept_out = [row for row in table(shared / "other" / "labels.csv") if row["label"] != "CXR" and held_out(row)]
    assert len(kept_out) > 300
    turned_away = sum(ask(reader, shared / "other" / row["file"]) is None for row in kept_out)
    assert turned_away >= TURNED_AWAY_AT_LEAST * len(kept_out)


def held_out(row):
    """The third that training/negatives.py keeps out, the same rule written down a second time on purpose."""
    digest = hashlib.sha256(f"{row['repo']}/{row['repo_path']}".encode()).hexdigest()
    return int(digest[:8], 16) % 3 == 0
