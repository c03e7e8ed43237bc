"""Two reads of one study in one process: what is known of its patient stays known until the last of them ends."""

import numpy as np

from wetread.domain.egress import DataClass, Endpoint
from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.privacy import EgressGate
from wetread.settings import EgressSettings
from wetread.testing.views import view_of

HERE = Endpoint(name="local", host="127.0.0.1", on_site=True)


def asked(gate: EgressGate) -> str:
    film = view_of(np.full((64, 64), 90, np.uint8), modality="DX", body_part="CHEST")
    order = Order(clinical_question="Has Ottokar Quastenflosser a fracture?")
    request = ReadRequest(study_ref="st-000000000001", views=(film,), order=order)
    return gate.clear(request, HERE).request.order.clinical_question


def test_a_second_read_that_ends_first_does_not_make_the_gate_forget():
    gate = EgressGate(EgressSettings(data_class=DataClass.PUBLIC))
    known = ("Quastenflosser", "Ottokar")
    with gate.during("st-000000000001", known):
        with gate.during("st-000000000001", known):
            assert "Quastenflosser" not in asked(gate)
        assert "Quastenflosser" not in asked(gate)
    assert "Quastenflosser" in asked(gate)


def test_a_first_read_that_ends_first_does_not_make_the_gate_forget_what_the_second_knows():
    gate = EgressGate(EgressSettings(data_class=DataClass.PUBLIC))
    first, second = gate.during("st-000000000001", ("Ottokar",)), gate.during("st-000000000001", ("Quastenflosser",))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert "Quastenflosser" not in asked(gate)
    second.__exit__(None, None, None)
    assert "Quastenflosser" in asked(gate)
