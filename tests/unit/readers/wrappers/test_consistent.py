"""Where the first answer is in doubt it is asked again, and nothing that was seen gets lost."""

import pytest

from wetread.domain.finding import Evidence
from wetread.domain.read import Quality, Trace, Usage
from wetread.domain.urgency import Priority
from wetread.domain.view import Limitation
from wetread.errors import AnswerUnusable, BudgetSpent, RateLimited
from wetread.ports import Estimate
from wetread.readers.wrappers import Cached, Consistent, RunCache
from wetread.testing.studies import finding, read

PTX = "wr:pneumothorax"


def ask(run, film, steps, *reads, runs=3):
    reader = steps(*reads)
    return reader, run(Consistent(reader, runs).read(film()))


def doubted(presence="uncertain", **facts):
    return read(finding(PTX, presence, confidence_raw=0.5, confidence_kind="stated"), **facts)


@pytest.mark.parametrize(
    ("facts", "calls"),
    [
        ({"presence": "present"}, 1), ({"presence": "uncertain"}, 3), ({"presence": "absent"}, 1),
        ({"presence": "present", "probability": 0.2}, 3), ({"presence": "present", "probability": 0.8}, 3),
        ({"presence": "present", "probability": 0.81}, 1), ({"presence": "absent", "probability": 0.19}, 1),
        ({"presence": "present", "confidence_raw": 0.6}, 3), ({"presence": "present", "confidence_raw": 0.95}, 1),
    ],
)  # fmt: skip
def test_only_a_doubtful_answer_is_asked_for_again(run, film, steps, facts, calls):
    reader, _ = ask(run, film, steps, read(finding(PTX, **facts)))
    assert reader.calls == calls


def test_one_run_is_just_the_reader(run, film, steps):
    answer = doubted()
    reader, got = ask(run, film, steps, answer, runs=1)
    assert (reader.calls, got) == (1, answer)


@pytest.mark.parametrize(
    ("said", "stands", "share"),
    [
        (("uncertain", "uncertain", "uncertain"), "uncertain", 0.0),
        (("uncertain", "present", "present"), "present", 2 / 3),
        (("uncertain", "present", "absent"), "uncertain", 1 / 3), (("uncertain", "absent", "absent"), "uncertain", 0.0),
        (("present", "absent", "absent"), "uncertain", 1 / 3), (("absent", "absent", "absent"), "absent", 0.0),
        (("present", "present", "present"), "present", 1.0),
        (("absent", "not_assessable", "absent"), "not_assessable", 0.0),
        (("present", "absent"), "present", 0.5),
    ],
)  # fmt: skip
def test_how_often_it_was_present_is_the_confidence(run, film, steps, said, stands, share):
    runs = [read(finding(PTX, one), finding("wr:doubt", "uncertain")) for one in said]
    _, got = ask(run, film, steps, *runs, runs=len(said))
    (joined,) = [one for one in got.findings if one.code == PTX]
    assert joined.presence.value == stands
    assert joined.confidence_raw == pytest.approx(share)
    assert joined.confidence_kind == "self_consistency"


def test_what_only_a_later_run_sees_is_uncertain_and_not_dropped(run, film, steps):
    _, got = ask(run, film, steps, doubted(), read(finding("wr:rib-fracture")), doubted())
    found = {one.code: one.presence.value for one in got.findings}
    assert found == {PTX: "uncertain", "wr:rib-fracture": "uncertain"}


def test_seen_in_every_run_on_another_side_it_stays_present(run, film, steps):
    runs = [read(finding(PTX, laterality=side), finding("wr:doubt", "uncertain")) for side in ("left", "right", None)]
    _, got = ask(run, film, steps, *runs)
    told = {(one.laterality, one.presence.value) for one in got.findings if one.code == PTX}
    assert told == {("left", "present"), ("right", "present"), (None, "present")}


def test_an_absence_without_a_side_gives_way_to_the_side_it_was_seen_on(run, film, steps):
    runs = [read(finding(PTX, laterality="left")), read(finding(PTX, "absent")), read(finding(PTX, "absent"))]
    runs = [read(*one.findings, finding("wr:doubt", "uncertain")) for one in runs]
    _, got = ask(run, film, steps, *runs)
    told = [(one.laterality, one.presence.value) for one in got.findings if one.code == PTX]
    assert told == [("left", "uncertain")]


def test_the_most_urgent_claim_the_worst_quality_and_every_limitation_stand(run, film, steps):
    _, got = ask(
        run, film, steps,
        doubted(priority_claim=Priority.P3, quality=Quality(grade="diagnostic"), abnormal_probability=0.3),
        doubted(priority_claim=None, limitations=(Limitation(code="a", text="b"),), abnormal_probability=0.7),
        doubted(priority_claim=Priority.P1, quality=Quality(grade="non_diagnostic")),
    )  # fmt: skip
    assert got.priority_claim is Priority.P1
    assert got.quality.grade == "non_diagnostic"
    assert got.limitations == (Limitation(code="a", text="b"),)
    assert got.abnormal_probability == 0.7


def test_a_critical_claim_and_the_first_place_it_was_seen_stand(run, film, steps):
    def place(x):
        return Evidence(file="film.dcm", sop_instance_uid="1", frame=1, box=(x, x, 0.9, 0.9), origin="vlm")

    _, got = ask(
        run, film, steps,
        doubted(), read(finding(PTX, evidence=(place(0.1),))),
        read(finding(PTX, evidence=(place(0.2),), claims_critical=True)),
    )  # fmt: skip
    (joined,) = got.findings
    assert (joined.presence.value, joined.claims_critical, joined.evidence) == ("present", True, (place(0.1),))


@pytest.mark.parametrize(("costs", "total"), [((0.01, 0.02, 0.03), 0.06), ((0.01, None, 0.03), None)])
def test_costs_are_summed_and_unknown_ones_stay_unknown(run, film, steps, costs, total):
    usage = Usage(calls=2, input_tokens=100)
    reads = [doubted(cost_usd=cost, usage=usage, trace=Trace(attempts=2)) for cost in costs]
    _, got = ask(run, film, steps, *reads)
    assert got.cost_usd == (None if total is None else pytest.approx(total))
    assert got.usage == Usage(calls=6, input_tokens=300)
    assert got.trace.attempts == 6


@pytest.mark.parametrize(
    ("problem", "cost"), [(RateLimited("429"), 0.02), (BudgetSpent("$0"), 0.02), (AnswerUnusable("prose"), None)]
)
def test_a_run_that_fails_is_told_and_the_others_stand(run, film, steps, problem, cost):
    _, got = ask(run, film, steps, doubted(cost_usd=0.01), problem, doubted("present", cost_usd=0.01))
    assert got.findings[0].confidence_raw == 0.5
    (limit,) = got.limitations
    assert (limit.code, limit.text) == ("self_consistency_incomplete", f"2 of 3 runs answered ({problem})")
    assert got.cost_usd == cost


def test_where_only_the_first_answered_it_stands_as_it_is(run, film, steps):
    _, got = ask(run, film, steps, doubted(), RateLimited("429"))
    assert got.findings == doubted().findings


def test_a_bug_in_a_later_run_is_not_hidden(run, film, steps):
    with pytest.raises(ZeroDivisionError):
        ask(run, film, steps, doubted(), ZeroDivisionError())


def test_a_failing_first_answer_is_the_reader_s_own(run, film, steps):
    with pytest.raises(RateLimited):
        ask(run, film, steps, RateLimited("429"))


def test_an_answer_out_of_a_cache_is_no_further_opinion(run, film, steps):
    cached = Cached(steps(doubted("present")), RunCache(), policy_sha256="0")
    (found,) = run(Consistent(cached, 3).read(film())).findings
    assert (found.confidence_raw, found.confidence_kind) == (0.5, "stated")


def test_further_runs_are_asked_at_once(run, film, steps, time):
    reader = steps(doubted(), delay_s=2, time=time)
    run(Consistent(reader, 5).read(film()))
    assert (time.monotonic(), reader.calls) == (4.0, 5)


def test_its_estimate_is_that_of_all_runs(film, steps):
    reader = steps(doubted())
    reader.estimate = lambda _: Estimate(input_tokens=10, output_tokens=2, cost_usd=0.5)
    assert Consistent(reader, 3).estimate(film()) == Estimate(input_tokens=30, output_tokens=6, cost_usd=1.5)
