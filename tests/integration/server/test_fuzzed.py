"""Whatever is sent to the API, it answers without breaking, and as its description says."""

import os

import pytest
from api_house import House, serving
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from wetread.domain.people import Caller, Role

FULL = os.environ.get("WETREAD_MEASURE") == "full"
EXAMPLES = 40 if FULL else 2


@pytest.fixture
def open_house(database, tmp_path, monkeypatch):
    """A house whose every caller is one person with every role; what they ask for is what is tested here."""
    from wetread.server import access
    from wetread.store.people import add_user

    house = House(database, tmp_path)
    user = add_user(house.database, login="root", roles=tuple(Role), password="a long enough password", now=house.now)
    caller = Caller(name="root", roles=frozenset(Role), user_id=user.user_id)
    monkeypatch.setattr(access, "caller_of", lambda _: caller)
    house.app.state.ground.closing.set()  # endless streams end after their first words
    return house


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"] if FULL else ["sqlite"], indirect=True)
def test_no_request_breaks_the_api(open_house):
    import schemathesis
    from schemathesis.specs.openapi.checks import response_schema_conformance

    from wetread.server.app import openapi_of
    from wetread.store.jobs import read_id

    house = open_house
    study_id, other = house.film(1), house.film(2)
    report_id = house.reported(study_id)
    known = {
        "study_id": st.sampled_from([study_id, other]),
        "finding_id": st.sampled_from([f"{report_id}.0", f"{report_id}.7"]),
        "read_id": st.just(read_id(study_id, 1, "one", "fingerprint-one")),
        "study": st.just("1.2.826.0.1.1"),
        "series": st.just("1.2.826.0.1.1.1"),
        "instance": st.just("1.2.3"),
    }
    schema = schemathesis.openapi.from_dict(openapi_of(house.app))
    broken = []
    with serving(house.app) as address:

        def ask(operation):
            @seed(20261121)
            @settings(
                max_examples=EXAMPLES,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(data=st.data())
            def one(data):
                case = data.draw(operation.as_strategy())
                for name in set(known) & set(case.path_parameters or {}):
                    if data.draw(st.booleans() if FULL else st.just(True)):
                        case.path_parameters[name] = data.draw(known[name])
                answer = case.call(base_url=address, timeout=20)
                if answer.status_code >= 500 and answer.status_code != 503:
                    broken.append((operation.label, answer.status_code))
                elif answer.status_code < 300 and "json" in answer.headers.get("content-type", [""])[0]:
                    case.validate_response(answer, checks=[response_schema_conformance])

            one()

        for found in schema.get_all_operations():
            operation = found.ok()
            if "multipart/related" not in operation.definition.raw.get("requestBody", {}).get("content", {}):
                ask(operation)
    assert broken == []
