"""Nothing here can find a face, so photographs of people stay on the site."""

import numpy as np
import pytest

from wetread.domain.egress import DataClass, Endpoint
from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.errors import EgressDenied
from wetread.privacy import EgressGate, ocr
from wetread.settings import EgressSettings
from wetread.testing.views import view_of

AWAY = Endpoint(name="away", host="api.example", processing_agreement=True, no_training=True)
HERE = Endpoint(name="here", host="127.0.0.1", on_site=True)
SKIN = np.full((64, 64, 3), (120, 140, 200), np.uint8)


def request(modality, pixels=SKIN):
    return ReadRequest(study_ref="st-1", views=(view_of(pixels, modality=modality),), order=Order())


def gate(data_class=DataClass.DEIDENTIFIED):
    return EgressGate(EgressSettings(data_class=data_class, licence_allows_third_parties=True))


@pytest.mark.parametrize("modality", ["XC", "DMS", None])
def test_a_photograph_of_a_person_stays_on_site(modality):
    with pytest.raises(EgressDenied, match="face"):
        gate().clear(request(modality), AWAY)


@pytest.mark.skipif(not ocr.is_installed(), reason="what leaves is looked at by the extra ocr")
@pytest.mark.parametrize("modality", ["US", "OP", "SM"])
def test_other_colour_pictures_show_no_face(modality):
    assert gate().clear(request(modality), AWAY).decision.allowed


@pytest.mark.skipif(not ocr.is_installed(), reason="what leaves is looked at by the extra ocr")
def test_what_anybody_may_see_and_what_stays_on_site_may_be_a_photograph():
    assert gate(DataClass.PUBLIC).clear(request("XC"), AWAY).decision.allowed
    assert gate().clear(request("XC"), HERE).decision.allowed
