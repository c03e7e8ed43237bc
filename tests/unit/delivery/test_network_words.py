"""What a node's statuses mean, what is offered to it, what a receipt says."""

import dataclasses

import pytest

from archive_peers import demo_objects
from wetread.delivery.made import Kind
from wetread.delivery.network.statuses import Verdict, told, verdict_of
from wetread.delivery.network.storing import storage_contexts
from wetread.delivery.network.stow import Answer, as_multipart, read_answer
from wetread.delivery.objects_of import reference_of

EXPLICIT, IMPLICIT, JPEG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70"


@pytest.mark.parametrize("status", range(0xA700, 0xA800, 37))
def test_out_of_resources_is_never_final(status):
    assert verdict_of(status) is Verdict.LATER


@pytest.mark.parametrize("status", [*range(0xA900, 0xAA00, 51), *range(0xC000, 0xD000, 501), 0x0122, 0x0124, 0x0211])
def test_what_an_archive_does_not_understand_it_never_will(status):
    assert verdict_of(status) is Verdict.NEVER


@pytest.mark.parametrize("status", [0x0003, 0x7777, 0xFFFF, 0xD000, 0x0300])
def test_codes_that_nobody_knows_are_tried_again(status):
    assert verdict_of(status) is Verdict.LATER


def test_a_status_is_told_in_words_and_as_it_came():
    assert told(0xA701) == "out of resources (A701)"
    assert told(0xC123) == "it can't be understood (C123)"
    assert told(0xC122) == "the transfer syntax is not supported (C122)"
    assert told(0x7777) == "refused (7777)"


def test_each_class_is_offered_in_its_own_syntax_and_in_plain_ones():
    made = demo_objects(("sr", "ko"))
    compressed = dataclasses.replace(made[0], transfer_syntax_uid=JPEG)
    offered = [(c.abstract_syntax, tuple(c.transfer_syntax)) for c in storage_contexts([compressed, made[1], made[1]])]
    assert offered == [
        (made[0].sop_class_uid, (JPEG,)),
        (made[0].sop_class_uid, (EXPLICIT, IMPLICIT)),
        (made[1].sop_class_uid, (EXPLICIT,)),
        (made[1].sop_class_uid, (IMPLICIT,)),
    ]


def test_a_receipt_counts_the_kinds_and_names_the_report_object():
    sr, ko = (dataclasses.replace(demo_objects(("sr",))[0], kind=kind) for kind in (Kind.SR, Kind.KO))
    assert reference_of([ko, ko, sr]) == f"2 ko, sr; sr {sr.sop_instance_uid}"
    assert reference_of([ko], ["ko with warning B000"]) == f"ko; ko {ko.sop_instance_uid}; ko with warning B000"
    assert reference_of([]).startswith("nothing to send")


def test_an_answer_lists_failures_of_both_sequences_and_unknown_reasons_as_such():
    item = {"00081197": {"Value": [0xA700]}}
    body = b'{"00081198": {"Value": [%s, {}]}, "0008119A": {"Value": [{"00081197": {"Value": ["x"]}}]}}'
    assert read_answer(body % str(item).replace("'", '"').encode()) == Answer(failures=(0xA700, 0xFFFF, 0xFFFF))
    assert read_answer(b"<xml/>") is None


def test_no_object_holds_the_boundary_of_its_own_request():
    made = demo_objects(("sr", "ko"))
    body, kind = as_multipart(made)
    boundary = kind.rpartition("boundary=")[2].encode()
    assert body.count(boundary) == len(made) + 1
    assert not any(boundary in one.data for one in made)
