"""T10: boxes against boxes by hand, by painting them, and on images that the truth names or does not."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.finding import Evidence, Finding, Laterality, Presence
from wetread.domain.read import Read, ReaderIdentity
from wetread.errors import InputError
from wetread.evaluate.boxes import TrueBox
from wetread.evaluate.cases import Case, read_cases
from wetread.evaluate.labels import Label
from wetread.evaluate.localise import areas, box_labels, localisation
from wetread.evaluate.log import Answered, LogWriter, Told, ToldBox, answered, read_log
from wetread.evaluate.policy import load_evaluation_policy
from wetread.evaluate.statistics import resample
from wetread.evaluate.trials_told import localisation_card, localisation_text

MASS, NODULE = (
    Label(word="Mass", codes=("wr:pulmonary-mass",)),
    Label(word="Nodule", codes=("wr:pulmonary-nodule", "wr:pulmonary-nodule-solid-8-mm-or-more")),
)
WHOLE = (0.2, 0.2, 0.6, 0.6)


def true(box, code=MASS.code, **more):
    x0, y0, x1, y1 = box
    return TrueBox(code=code, x0=x0, y0=y0, x1=x1, y1=y1, **more)


def drawn(*boxes, presence=Presence.PRESENT):
    made = tuple(box if isinstance(box, ToldBox) else ToldBox(box=box, origin="vlm") for box in boxes)
    return Told(presence=presence, boxes=made)


def figures(pairs, labels=(MASS,), patients=None):
    """Of (true boxes, findings) a case; None for findings is a case that nobody read."""
    cases = [
        Case(case_id=f"c{n}", patient_id=patients[n] if patients else f"p{n}", codes=frozenset(), boxes=tuple(boxes))
        for n, (boxes, _) in enumerate(pairs)
    ]
    answers = {
        f"c{n}": Answered(case_id=f"c{n}", reader="r", version="1", fingerprint="f", status="read", findings=told)
        for n, (_, told) in enumerate(pairs)
        if told is not None
    }
    draws = resample([case.patient_id for case in cases], draws=200, seed=5)
    return localisation(labels, cases, answers, draws=draws, policy=load_evaluation_policy())


def one(truth, *told):
    """Hit and IoU of a single pair, told ten times over so that there is a figure."""
    (row, _) = figures([(truth, {MASS.code: drawn(*told)})] * 10)
    return row.hit.value, row.iou.value


def test_the_overlap_is_what_it_is_by_hand():
    assert one([true((0, 0, 0.4, 0.4))], (0.2, 0.2, 0.6, 0.6)) == (1.0, pytest.approx(0.04 / 0.28))
    assert one([true((0, 0, 0.4, 0.4))], (0, 0, 0.4, 0.4)) == (1.0, pytest.approx(1.0))
    assert one([true((0, 0, 0.1, 0.1))], (0.5, 0.5, 0.9, 0.9)) == (0.0, 0.0)
    two = [true((0, 0, 0.2, 0.2)), true((0.8, 0.8, 1, 1))]
    assert one(two, (0, 0, 0.2, 0.2), (0.8, 0.8, 1, 1)) == (1.0, pytest.approx(1.0))
    assert one(two, (0, 0, 0.2, 0.2)) == (1.0, pytest.approx(0.5))


def test_the_first_box_is_the_one_that_must_hit():
    here, there = (0.1, 0.1, 0.3, 0.3), (0.7, 0.7, 0.9, 0.9)
    assert one([true(here)], here, there)[0] == 1.0
    assert one([true(here)], there, here)[0] == 0.0
    assert one([true(here)], there, here)[1] == one([true(here)], here, there)[1] == pytest.approx(0.5)


corner = st.integers(0, 19)
rectangles = st.lists(
    st.tuples(corner, corner, st.integers(1, 8), st.integers(1, 8)).map(
        lambda r: (r[0], r[1], min(20, r[0] + r[2]), min(20, r[1] + r[3]))
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(rectangles, rectangles)
def test_areas_of_overlapping_boxes_are_those_that_painting_counts(first, second):
    canvases = []
    for boxes in (first, second):
        canvas = np.zeros((20, 20), bool)
        for x0, y0, x1, y1 in boxes:
            canvas[y0:y1, x0:x1] = True
        canvases.append(canvas)
    scaled = ([tuple(v / 20 for v in box) for box in boxes] for boxes in (first, second))
    both, either = areas(*scaled)
    assert both * 400 == pytest.approx((canvases[0] & canvases[1]).sum())
    assert either * 400 == pytest.approx((canvases[0] | canvases[1]).sum())


def test_a_finding_without_a_box_counts_as_not_located_and_never_as_a_miss():
    pairs = [([true(WHOLE)], {MASS.code: drawn(WHOLE)})] * 12 + [([true(WHOLE)], {MASS.code: drawn()})] * 4
    row, whole = figures(pairs)
    assert (row.n, row.n_located, row.located.value, row.located.n) == (16, 12, 0.75, 16)
    assert (row.hit.value, row.hit.n, row.iou.value) == (1.0, 12, 1.0)
    assert (whole.code, whole.n) == (None, 16)
    absent = [([true(WHOLE)], {MASS.code: drawn(WHOLE, presence=Presence.ABSENT)})] * 12
    assert figures(absent)[0].n_located == 0


def test_cases_without_true_boxes_or_without_a_read_are_not_asked():
    pairs = [([true(WHOLE)], {MASS.code: drawn(WHOLE)})] * 10 + [([true(WHOLE)], None), ([], {MASS.code: drawn(WHOLE)})]
    assert figures(pairs)[0].n == 10
    assert figures([([], {})]) == ()


def test_below_ten_located_there_is_no_figure():
    row, whole = figures([([true(WHOLE)], {MASS.code: drawn(WHOLE)})] * 9)
    assert (row.hit.value, row.iou.value, row.why, whole.why) == (None, None, "n/a (too few)", "n/a (too few)")


def test_what_says_a_finding_more_exactly_points_at_it_too():
    pairs = [([true(WHOLE, NODULE.code)], {"wr:pulmonary-nodule-solid-8-mm-or-more": drawn(WHOLE)})] * 10
    assert figures(pairs, [NODULE])[0].hit.value == 1.0


def test_the_interval_is_over_patients_and_follows_from_the_seed():
    halves = [([true(WHOLE)], {MASS.code: drawn(WHOLE if n % 2 else (0.7, 0.7, 0.9, 0.9))}) for n in range(40)]
    apart, again = figures(halves)[0].iou, figures(halves)[0].iou
    assert apart == again
    assert apart.low < apart.value == 0.5 < apart.high
    together = figures(halves, patients=[f"p{n % 2}" for n in range(40)])[0].iou
    assert (together.low, together.high) == (0.0, 1.0)


def told_on(uid, frame=1, box=WHOLE):
    return ToldBox(box=box, origin="vlm", sop_instance_uid=uid, frame=frame)


def test_a_box_counts_on_the_image_that_the_truth_names():
    named = true(WHOLE, sop_instance_uid="1.2.3")
    right, wrong = told_on("1.2.3"), told_on("1.2.4")
    assert one([named], wrong, right) == (1.0, pytest.approx(1.0))
    (row, _) = figures([([named], {MASS.code: drawn(wrong)})] * 10)
    assert row.n_located == 0
    frames = true(WHOLE, sop_instance_uid="1.2.3", frame=7)
    assert one([frames], told_on("1.2.3", 7)) == (1.0, pytest.approx(1.0))
    assert figures([([frames], {MASS.code: drawn(told_on("1.2.3", 8))})] * 10)[0].n_located == 0
    assert one([true(WHOLE, frame=7)], told_on("1.2.3", 7))[0] == 1.0


def test_boxes_on_several_images_are_left_out_where_the_truth_does_not_say_on_which():
    several = {MASS.code: drawn(told_on("1.2.3"), told_on("1.2.4"))}
    row, whole = figures([([true(WHOLE)], several)] * 3 + [([true(WHOLE)], {MASS.code: drawn(told_on("1.2.3"))})] * 10)
    assert (row.n, row.n_unclear, row.hit.value) == (10, 3, 1.0)
    assert "3 left out" in localisation_text([row, whole])


def test_the_tables_say_too_few_and_what_there_is():
    told = figures(
        [([true(WHOLE)], {MASS.code: drawn(WHOLE)})] * 12 + [([true(WHOLE, NODULE.code)], {})], [MASS, NODULE]
    )
    text, card = localisation_text(told), "".join(localisation_card(told))
    mass, nodule = (next(line for line in text.splitlines() if line.startswith(word)) for word in ("Mass", "Nodule"))
    assert "1.000 [0.758, 1.000]" in mass
    assert nodule.count("n/a (too few)") == 4
    assert "1.000 [0.758, 1.000]" in card


# What a case file and a file of boxes may say.


def cases_of(folder, boxes=None, rows=("a.png,p,Mass,",), header="file,patient_id,labels,boxes"):
    path = folder / "cases.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    beside = None
    if boxes is not None:
        beside = folder / "boxes.csv"
        beside.write_text("\n".join(boxes) + "\n")
    return read_cases(path, load_vocabulary(), boxes=beside)


def test_boxes_stand_in_the_case_file_or_beside_it(tmp_path):
    inside = "a.png,p,Mass,Mass 0.1 0.2 0.3 0.4|pleural effusion 0 0.5 0.5 0.5"
    beside = ["file,label,x,y,w,h", "a.png,Mass,0.5,0.5,0.25,0.25", "z.png,Mass,0,0,1,1"]
    read = cases_of(tmp_path, beside, rows=(inside,))
    boxes = read.cases[0].boxes
    assert [(box.code, box.box) for box in boxes] == [
        ("wr:pulmonary-mass", (0.1, 0.2, pytest.approx(0.4), pytest.approx(0.6))),
        ("wr:pleural-effusion", (0.0, 0.5, 0.5, 1.0)),
        ("wr:pulmonary-mass", (0.5, 0.5, 0.75, 0.75)),
    ]
    assert read.cases[0].codes == {"wr:pulmonary-mass"}
    assert "boxes that belong to no case of this file are left out: 1" in read.remarks
    named = {label.code: label.word for label in box_labels(read.cases, read.labels, load_vocabulary())}
    assert named == {"wr:pulmonary-mass": "Mass", "wr:pleural-effusion": "pleural effusion"}


def test_json_lines_name_boxes_as_objects_with_their_image(tmp_path):
    box = {"label": "Mass", "x": 0, "y": 0, "w": 1, "h": 0.5, "sop_instance_uid": "1.2.3", "frame": 4}
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps({"study_uid": "1.2", "patient_id": "p", "labels": [], "boxes": [box]}) + "\n")
    (read,) = read_cases(path, load_vocabulary()).cases
    assert read.boxes == (true((0, 0, 1, 0.5), sop_instance_uid="1.2.3", frame=4),)


def test_a_label_that_nobody_knows_is_named(tmp_path):
    read = cases_of(tmp_path, rows=("a.png,p,Mass,Zebra 0 0 1 1",))
    assert read.cases[0].boxes == ()
    assert "boxes whose label the vocabulary does not know are left out: Zebra" in read.remarks


def test_numbers_rounded_over_the_edge_are_taken_for_the_edge(tmp_path):
    read = cases_of(tmp_path, rows=("a.png,p,Mass,Mass 0.5 0.5 0.50004 0.5",))
    assert read.cases[0].boxes[0].x1 == 1.0


@pytest.mark.parametrize(
    "wrong",
    ["Mass 0.1 0.2 0.3", "0.1 0.2 0.3 0.4", "Mass a 0 1 1", "Mass 0.5 0 0.7 1", "Mass 0 0 0 1", "Mass -0.1 0 1 1",
     "Mass nan 0 1 1", "Mass 0 0 inf 1"],
)  # fmt: skip
def test_a_box_that_is_none_is_refused_with_its_line(tmp_path, wrong):
    with pytest.raises(InputError, match="line 2"):
        cases_of(tmp_path, rows=(f"a.png,p,Mass,{wrong}",))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["file,label,x,y,w"], "column h"),
        (["label,x,y,w,h"], "file or study_uid"),
        (["file,label,x,y,w,h", ",Mass,0,0,1,1"], "line 2"),
        (["file,label,x,y,w,h", "a.png,,0,0,1,1"], "line 2"),
        (["file,label,x,y,w,h,frame", "a.png,Mass,0,0,1,1,0"], "line 2"),
        (["file,label,x,y,w,h", "a.png,Mass,0,0"], "line 2"),
    ],
)
def test_a_file_of_boxes_that_is_none_is_refused(tmp_path, lines, says):
    with pytest.raises(InputError, match=says):
        cases_of(tmp_path, lines)


def test_the_file_of_boxes_beside_the_films_is_read_whole(shared):
    from wetread.evaluate.boxes import read_boxes

    with (shared / "cxr/boxes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    read = read_boxes(shared / "cxr/boxes.csv")
    assert sum(map(len, read.values())) == len(rows) > 1000


# What the log keeps of a read.


def evidence(*boxes):
    return tuple(
        Evidence(file="secret-name.dcm", sop_instance_uid="1.2.3", frame=2, box=box, origin="vlm") for box in boxes
    )


def test_the_log_keeps_boxes_and_sides_and_no_file_names(tmp_path):
    left = Finding(code=MASS.code, presence=Presence.PRESENT, laterality=Laterality.LEFT, evidence=evidence(WHOLE))
    right = Finding(
        code=MASS.code, presence=Presence.UNCERTAIN, laterality=Laterality.RIGHT, evidence=evidence((0, 0, 0.1, 0.1))
    )
    gone = Finding(code=NODULE.code, presence=Presence.ABSENT, evidence=evidence(WHOLE))
    reader = ReaderIdentity(name="r", version="1", fingerprint="f")
    case = Case(case_id="c", patient_id="p", codes=frozenset(), boxes=(true(WHOLE),))
    told = answered(case, Read(reader=reader, findings=(right, left, gone)), latency_s=1.0, priority=None)
    with LogWriter(tmp_path / "log.jsonl") as log:
        log.add(case)
        log.add(told)
    assert "secret-name" not in (tmp_path / "log.jsonl").read_text()
    again = read_log(tmp_path / "log.jsonl")
    assert again.cases["c"] == case
    assert again.answers["r", "c"] == told
    mass = told.findings[MASS.code]
    assert (mass.presence, mass.laterality) == (Presence.PRESENT, Laterality.LEFT)
    assert [box.box for box in mass.boxes] == [WHOLE, (0, 0, 0.1, 0.1)]
    assert mass.boxes[0].frame == 2
    assert told.findings[NODULE.code].boxes == ()


@pytest.mark.parametrize(
    ("sides", "joined"),
    [
        ((Laterality.LEFT, Laterality.RIGHT), Laterality.BILATERAL),
        ((Laterality.LEFT, None), Laterality.LEFT),
        ((Laterality.LEFT, Laterality.MIDLINE), None),
        ((None, None), None),
    ],
)
def test_two_sides_of_one_code_are_both_sides(sides, joined):
    findings = tuple(Finding(code=MASS.code, presence=Presence.PRESENT, laterality=side) for side in sides)
    reader = ReaderIdentity(name="r", version="1", fingerprint="f")
    case = Case(case_id="c", patient_id="p", codes=frozenset())
    told = answered(case, Read(reader=reader, findings=findings), latency_s=None, priority=None)
    assert told.findings[MASS.code].laterality is joined
