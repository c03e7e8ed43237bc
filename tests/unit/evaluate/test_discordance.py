"""AI against a signed report, code by code, and the figures that follow."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import report

from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.finding import Laterality, Presence
from wetread.domain.review import Decision, Verdict, findings_of, signed
from wetread.evaluate.discordance import (
    PANEL,
    REPLACED,
    STANDS,
    WITHDRAWN,
    Around,
    Asked,
    Comparison,
    Judgement,
    Kept,
    Kind,
    Sitting,
    agreements,
    compare,
    differences,
    discordance,
)
from wetread.evaluate.discordance.compare import word_on
from wetread.evaluate.discordance.counts import Tally, gap, middle, rate
from wetread.evaluate.discordance.record import Spoken
from wetread.panel.rulebook import rulebook
from wetread.store.records import from_record, to_record
from wetread.testing.studies import film_study, finding, read

TERMS = load_vocabulary().terms
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
P, U, A = Presence.PRESENT, Presence.UNCERTAIN, Presence.ABSENT
AIR, HEART, WATER = "wr:pneumothorax", "wr:cardiomegaly", "wr:pleural-effusion"


def sign(base, decide=None, add=()):
    """The base signed over: `decide` says a verdict or a finding by code, the rest is accepted."""
    decide = decide or {}
    made = []
    for name, one in findings_of(base).items():
        wish = decide.get(one.finding.code)
        if wish is None and one.finding.presence not in (P, U):
            continue
        told = wish if wish is not None and not isinstance(wish, Verdict) else None
        verdict = Verdict.EDIT if told else wish or Verdict.ACCEPT
        made.append(Decision(finding_id=name, verdict=verdict, by="eve", at=NOON, told=told))
    for number, one in enumerate(add):
        name = f"{base.report_id}.added-{number}"
        made.append(Decision(finding_id=name, verdict=Verdict.ADD, by="eve", at=NOON, told=one))
    return signed(base, made, text="As told.", by="eve", at=NOON, terms=TERMS), made


def compared(*answers, decide=None, add=(), **around):
    base = report(*answers)
    final, made = sign(base, decide, add)
    return compare(base, final, made, Around(**around))


def told(comparison):
    return {(d.reader, d.code, d.kind.value): d.category for d in differences(comparison, TERMS)}


def test_a_rejected_finding_is_overcalled_and_an_added_one_that_ai_denied_is_missed():
    one = compared(
        read(finding(AIR, "present", 0.9), finding(HEART, "absent")),
        decide={AIR: Verdict.REJECT, HEART: finding(HEART, "present")},
    )
    found = told(one)
    assert set(found) == {
        (PANEL, AIR, "overcalled"),
        ("one", AIR, "overcalled"),
        (PANEL, HEART, "missed"),
        ("one", HEART, "missed"),
    }
    assert found[PANEL, AIR, "overcalled"] == TERMS[AIR].acr_category


def test_whoever_agrees_is_no_difference_and_neither_is_uncertainty_on_either_side():
    agreed = compared(read(finding(AIR, "present"), finding(HEART, "absent")))
    assert told(agreed) == {}
    hedged = compared(read(finding(AIR, "uncertain")), decide={AIR: Verdict.REJECT})
    unsure = compared(read(finding(AIR, "present")), decide={AIR: finding(AIR, "uncertain")})
    assert (told(hedged), told(unsure)) == ({}, {})


def test_each_reader_is_compared_for_itself_and_an_abstention_says_nothing():
    one = compared(
        read(finding(AIR, "present"), name="a"),
        read(finding(AIR, "absent"), name="b"),
        decide={AIR: Verdict.REJECT},
    )
    assert [spoken.reader for spoken in one.spoken] == [PANEL, "a", "b"]
    assert {reader for reader, *_ in told(one)} == {PANEL, "a"}


def test_the_same_disease_told_more_exactly_is_agreement():
    exact = finding("wr:pneumothorax-large", "present")
    one = compared(read(finding(AIR, "present")), decide={AIR: Verdict.REJECT}, add=(exact,))
    assert one.human[AIR] is P
    assert (told(one), one.beyond) == ({}, ())


@pytest.mark.parametrize(
    ("stated", "word"),
    [
        ({"wr:pneumothorax-large": P}, P),  # who tells it exactly tells it
        ({"wr:pneumothorax-large": A}, None),  # none that is large: there may be a small one
        ({AIR: A, "wr:pneumothorax-large": U}, U),
        ({AIR: U}, U),
        ({HEART: P}, None),
    ],
)
def test_a_word_on_a_disease_follows_its_line(stated, word):
    assert word_on(AIR, stated, rulebook()) is word


def test_who_denies_a_disease_denies_its_exact_forms():
    assert word_on("wr:pneumothorax-large", {AIR: A}, rulebook()) is A
    assert word_on("wr:pneumothorax-large", {AIR: P}, rulebook()) is None


def test_a_critical_finding_told_in_place_of_an_absent_one_is_critical():
    one = compared(read(finding("wr:pulmonary-oedema", "absent")), add=(finding("wr:pulmonary-oedema-severe"),))
    assert TERMS["wr:pulmonary-oedema"].acr_category == 2
    assert told(one)[PANEL, "wr:pulmonary-oedema", "missed"] == 1


def test_what_no_reader_was_asked_about_is_beyond_and_nobody_missed_it():
    one = compared(read(finding(AIR, "absent")), add=(finding("wr:clavicle-fracture"),))
    assert one.beyond == ("wr:clavicle-fracture",)
    assert told(one) == {}


def test_a_study_without_ai_is_kept_and_compared_with_nothing():
    final = signed(
        replace(report(read(finding(AIR))), consensus=None, answers=()), (), text="x", by="e", at=NOON, terms=TERMS
    )
    one = compare(None, final, (), Around())
    assert (one.has_ai, told(one), one.beyond) == (False, {}, ())


def test_decisions_say_what_changed_and_whether_ai_had_been_seen():
    base = report(read(finding(AIR, "present", laterality=Laterality.LEFT), finding(HEART, "present")))
    final, made = sign(base, {AIR: finding(AIR, "present", laterality=Laterality.RIGHT)}, (finding(WATER),))
    acts = {a.code: a for a in compare(base, final, made, Around(shown_at=NOON + timedelta(seconds=1))).acts}
    assert (acts[AIR].verdict, acts[AIR].side_changed, acts[AIR].presence_changed) == ("edit", True, False)
    assert (acts[HEART].verdict, acts[WATER].verdict, acts[WATER].before_ai) == ("accept", "add", True)


def test_two_reads_of_one_name_and_a_reader_called_panel_never_stand_twice():
    one = compared(read(finding(AIR, "absent")), read(finding(AIR, "present"), name="panel"))
    names = [spoken.reader for spoken in one.spoken]
    assert len(set(names)) == len(names) == 3


def test_a_comparison_is_read_back_as_it_was_kept():
    one = compared(read(finding(AIR, "present")), blinded=True, scanner={"model": None, "station": "X1"})
    assert from_record(Comparison, to_record(Comparison, one)) == one
    assert one.facts["station"] == "X1"


PRESENCES = st.sampled_from(["present", "uncertain", "absent"])


@given(ai=PRESENCES, human=PRESENCES)
def test_a_difference_is_exactly_an_opposite_word(ai, human):
    one = compared(read(finding(AIR, ai)), decide={AIR: finding(AIR, human)})
    kinds = {d.kind for d in differences(one, TERMS)}
    expected = {("present", "absent"): {Kind.OVERCALLED}, ("absent", "present"): {Kind.MISSED}}
    assert kinds == expected.get((ai, human), set())


def kept(number, *, ai=P, human=P, at=NOON, state=STANDS, code=AIR, blinded=None, sitting=None, **facts):
    told = Comparison(
        spoken=(
            Spoken(reader=PANEL, fingerprint=None, codes={code: ai}),
            Spoken(reader="a", fingerprint="f1", codes={code: ai}),
        ),
        human={code: human},
        facts=facts,
        blinded=blinded,
        sitting=sitting or Sitting(),
    )
    return Kept(report_id=f"r{number}-{state}", study_id=f"s{number}", version=1, at=at, state=state, told=told)


WHOLE = Asked(since=NOON - timedelta(days=30), until=NOON + timedelta(days=30))


def figures(rows, verdicts=None, asked=WHOLE, **more):
    return discordance(rows, verdicts or {}, asked, labels={AIR: "pneumothorax"}, least=10, **more)


def of(lines, reader=PANEL, **where):
    (one,) = [x for x in lines if x.reader == reader and all(getattr(x, k) == v for k, v in where.items())]
    return one


def crowd(ai, human, n, first=0, **more):
    return [kept(first + number, ai=ai, human=human, **more) for number in range(n)]


def test_ppv_and_sensitivity_are_counted_by_hand():
    rows = crowd(P, P, 30) + crowd(P, A, 10, 100) + crowd(A, P, 5, 200) + crowd(A, A, 50, 300) + crowd(U, P, 5, 400)
    rows += crowd(P, U, 7, 500)
    one = of(figures(rows).totals.readers)
    assert (one.ppv.hits, one.ppv.n, one.ppv.value) == (30, 40, 0.75)
    assert (one.sensitivity.hits, one.sensitivity.n, one.sensitivity.value) == (30, 40, 0.75)
    assert (one.specificity.hits, one.specificity.n) == (50, 60)
    assert (one.unsure, one.hedged, one.studies) == (7, 5, 107)
    # Wilson's interval of 30 of 40: centre (p + z²/2n) / (1 + z²/n)
    assert (round(one.ppv.low, 3), round(one.ppv.high, 3)) == (0.598, 0.858)


def test_fewer_than_ten_are_counted_and_not_told():
    one = of(figures(crowd(P, P, 9)).totals.readers)
    assert (one.ppv.hits, one.ppv.n, one.ppv.value, one.ppv.low) == (9, 9, None, None)


def test_a_withdrawn_or_replaced_report_counts_for_nothing_but_bias():
    rows = [*crowd(P, P, 10), kept(50, state=WITHDRAWN, human=A), kept(51, state=REPLACED, human=A)]
    told = figures(rows)
    assert (told.totals.signed, told.totals.withdrawn, of(told.totals.readers).overcalled) == (10, 1, 0)


def test_a_verdict_for_ai_turns_the_truth_for_every_reader_and_undecidable_takes_it_out():
    rows = crowd(P, A, 3)
    verdicts = {("r0-stands", AIR): Judgement.AI_RIGHT, ("r1-stands", AIR): Judgement.UNDECIDABLE}
    told = figures(rows, verdicts, own={("r0-stands", AIR)})
    for reader in (PANEL, "a"):
        one = of(told.totals.readers, reader)
        assert (one.told_both, one.overcalled, one.n) == (1, 1, 2)
    settled = told.totals.adjudicated
    assert (settled.ai_right, settled.human_right, settled.undecidable, settled.by_signer) == (1, 0, 1, 1)


def test_weeks_begin_on_monday_and_hold_their_own_studies():
    sunday = datetime(2026, 3, 8, 23, 59, tzinfo=UTC)
    rows = [*crowd(P, P, 2), kept(10, at=sunday), kept(11, at=sunday + timedelta(minutes=2), human=A)]
    weeks = figures(rows).weeks
    assert [(x.week, x.studies, x.overcalled) for x in weeks if x.reader == PANEL] == [
        (date(2026, 3, 2), 3, 0),
        (date(2026, 3, 9), 1, 1),
    ]


def test_scanner_patient_group_version_and_finding_each_get_their_line():
    rows = crowd(P, P, 12, manufacturer="ACME", sex="F") + crowd(P, A, 12, 100, manufacturer="OLD", sex="M")
    told = figures(rows)
    assert of(told.by_group, by="manufacturer", group="ACME").ppv.value == 1
    assert of(told.by_group, by="manufacturer", group="OLD").ppv.value == 0
    assert of(told.by_group, by="model", group="(not stated)").studies == 24
    assert of(told.by_group, "a", by="version", group="f1").studies == 24
    assert of(told.by_group, by="finding", group=AIR).label == "pneumothorax"
    narrowed = figures(rows, asked=replace(WHOLE, by="manufacturer", group="OLD"))
    assert of(narrowed.totals.readers).overcalled == 12
    assert {x.week for x in narrowed.weeks} == {date(2026, 3, 2)}


def test_a_reader_or_a_code_alone_leaves_the_others_out():
    rows = crowd(P, P, 3) + crowd(P, A, 3, 10, code=HEART)
    assert {x.reader for x in figures(rows, asked=replace(WHOLE, reader="a")).totals.readers} == {"a"}
    assert of(figures(rows, asked=replace(WHOLE, code=HEART)).totals.readers).n == 3


def test_a_group_needs_its_name_and_a_name_its_group():
    for by, group in (("model", None), (None, "ACME"), ("reader", "a")):
        with pytest.raises(ValueError, match="a group is named"):
            replace(WHOLE, by=by, group=group)


def arms(told):
    return {arm.arm: arm for arm in told.bias.arms}


def test_a_pull_shows_as_findings_kept_more_often_where_ai_was_seen_first():
    pulled = crowd(P, P, 95, blinded=False) + crowd(P, A, 5, 200, blinded=False)
    free = crowd(P, P, 60, 300, blinded=True) + crowd(P, A, 40, 500, blinded=True)
    told = figures(pulled + free)
    (kept_gap,) = [g for g in told.bias.gaps if g.what == "kept"]
    assert round(kept_gap.difference, 3) == 0.35
    assert 0 < kept_gap.low < 0.35 < kept_gap.high
    assert arms(told)["blinded"].kept.hits == 60


def test_arms_that_do_not_differ_show_no_gap_and_undrawn_studies_are_no_arm():
    rows = crowd(P, P, 50, blinded=False) + crowd(P, P, 50, 100, blinded=True) + crowd(P, A, 50, 200)
    told = figures(rows)
    (kept_gap,) = [g for g in told.bias.gaps if g.what == "kept"]
    assert kept_gap.low <= 0 <= kept_gap.high
    assert arms(told)["undrawn"].kept.value == 0


def test_agreement_with_a_wrong_ai_is_learnt_from_a_report_that_was_signed_anew():
    fooled = [kept(n, human=P, state=REPLACED, at=NOON - timedelta(hours=1)) for n in range(12)]
    mended = [kept(n, human=A) for n in range(12)]
    arm = arms(figures(fooled + mended))["undrawn"]
    assert (arm.when_wrong.hits, arm.when_wrong.n, arm.when_right.n) == (12, 12, 0)


def test_a_verdict_for_ai_is_a_human_who_did_not_trust_it_and_one_for_the_human_a_resisted_error():
    verdicts = {(f"r{n}-stands", AIR): Judgement.AI_RIGHT for n in range(10)}
    verdicts |= {(f"r{n}-stands", AIR): Judgement.HUMAN_RIGHT for n in range(10, 30)}
    arm = arms(figures(crowd(P, A, 30), verdicts))["undrawn"]
    assert (arm.when_right.hits, arm.when_right.n) == (0, 10)
    assert (arm.when_wrong.hits, arm.when_wrong.n) == (0, 20)


def test_a_panel_that_agreed_with_a_wrong_human_counts_as_a_wrong_ai_agreed_with():
    base = kept(0, ai=A, human=A)
    spoken = (*base.told.spoken[:1], Spoken(reader="b", fingerprint="f", codes={AIR: P}))
    rows = [replace(base, told=replace(base.told, spoken=spoken))]
    arm = arms(figures(rows, {("r0-stands", AIR): Judgement.AI_RIGHT}))["undrawn"]
    assert (arm.when_wrong.hits, arm.when_wrong.n) == (1, 1)


def alike(comparison, share=1.0, key="r1"):
    return [(one.reader, one.code, one.kind, one.ai, one.human) for one in agreements(comparison, TERMS, key, share)]


def test_of_a_report_one_finding_that_both_tell_and_one_that_both_deny_are_drawn():
    told_by_both, denied = (AIR, HEART), (WATER, "wr:consolidation")
    one = compared(read(*(finding(code, "present") for code in told_by_both), *(finding(c, "absent") for c in denied)))
    (first, second) = alike(one)
    assert first[0] == second[0] == PANEL
    assert (first[1] in told_by_both, first[2:]) == (True, (Kind.AGREED, P, P))
    assert (second[1] in denied, second[2:]) == (True, (Kind.AGREED, A, A))
    assert alike(one) == [first, second]  # the same report draws the same
    assert {alike(one, key=f"r{n}")[0][1] for n in range(50)} == set(told_by_both)


def test_what_is_disputed_uncertain_or_unasked_is_never_drawn_as_agreement():
    reads = read(finding(AIR, "present"), name="a"), read(finding(AIR, "absent"), name="b")
    assert alike(compared(*reads)) == []  # b differs: that is a question already
    assert alike(compared(read(finding(AIR, "uncertain")))) == []
    assert alike(compared(read(finding(AIR, "present")), decide={AIR: Verdict.REJECT})) == []
    assert alike(Comparison(spoken=(), human={AIR: P})) == []


def test_chance_draws_about_the_share_of_reports_and_none_where_none_is_wanted():
    one = compared(read(finding(AIR, "present"), finding(HEART, "absent")))
    drawn = [alike(one, 0.1, f"r{n}") for n in range(2000)]
    for said in (P, A):
        share = sum(any(row[3] is said for row in rows) for rows in drawn) / len(drawn)
        assert 0.07 < share < 0.13
    assert not any(alike(one, 0.0, f"r{n}") for n in range(200))


def test_agreements_found_wrong_correct_the_truth_and_are_told_by_arm():
    verdicts = {(f"r{n}-stands", AIR): Judgement.BOTH_WRONG for n in range(10)}
    verdicts |= {(f"r{n}-stands", AIR): Judgement.BOTH_RIGHT for n in range(10, 40)}
    verdicts |= {(f"r{n}-stands", AIR): Judgement.BOTH_WRONG for n in range(100, 105)}
    told = figures(crowd(P, P, 40, blinded=False) + crowd(A, A, 30, 100, blinded=True), verdicts)
    openly, blinded = arms(told)["open"], arms(told)["blinded"]
    assert (openly.both_overcalled.hits, openly.both_overcalled.n, openly.both_missed.n) == (10, 40, 0)
    assert (blinded.both_missed.hits, blinded.both_missed.n) == (5, 5)
    assert (openly.when_right.n, openly.when_wrong.n) == (0, 0)  # those are of what differed
    settled = told.totals.adjudicated
    assert (settled.both_wrong, settled.both_right, settled.ai_right) == (15, 30, 0)
    panel = next(line for line in told.totals.readers if line.reader == PANEL)
    assert (panel.told_both, panel.overcalled, panel.missed) == (30, 10, 5)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_verdict_answers_the_question_that_was_asked(kind):
    fitting = {one for one in Judgement if one.fits(kind)}
    of_both = {Judgement.BOTH_RIGHT, Judgement.BOTH_WRONG}
    of_one = {Judgement.AI_RIGHT, Judgement.HUMAN_RIGHT}
    assert fitting == {Judgement.UNDECIDABLE, *(of_both if kind is Kind.AGREED else of_one)}


def test_time_and_words_are_told_by_arm():
    sitting = Sitting(seconds=90.0, ai_shown=True, words_changed=True)
    arm = arms(figures(crowd(P, P, 20, blinded=True, sitting=sitting)))["blinded"]
    assert (arm.seconds.value, arm.seconds.low, arm.seconds.n) == (90, 90, 20)
    assert (arm.shown.value, arm.words_changed.value) == (1, 1)


def binomial_cut(n):
    """The largest k with P(B < k) <= 2.5 %, in whole numbers."""
    return max(k for k in range(n) if 40 * sum(comb(n, j) for j in range(k)) <= 2**n)


def test_the_median_interval_cuts_what_the_binomial_says():
    for n in (10, 11, 30, 101):
        cut = binomial_cut(n)
        told = middle(range(n), 10)
        assert (told.low, told.high) == (cut - 1, n - cut)
    assert middle(range(9), 10).value is None


def test_newcombe_of_a_published_example():
    # Newcombe 1998, table II (a): 56/70 - 48/80, method 10: 0.0524 to 0.3339
    told = gap("x", rate(48, 80, 1), rate(56, 70, 1))
    assert (round(told.low, 4), round(told.high, 4)) == (0.0524, 0.3339)


@given(st.lists(st.tuples(st.sampled_from(list(Presence)), st.sampled_from([*Presence, None])), max_size=60))
def test_no_statement_is_counted_twice_or_lost(pairs):
    tally = Tally()
    for ai, so in pairs:
        tally.count(ai, so)
    known = {P, U, A}
    assert tally.n + tally.unsure == sum(ai in known and so in known for ai, so in pairs)
    assert tally.ppv(1).n == tally.both + tally.overcalled


def test_every_pair_of_words_has_its_place():
    for ai, so in product((P, U, A), (P, A)):
        tally = Tally()
        tally.count(ai, so)
        assert tally.n == 1


def test_the_tables_say_too_few_and_name_their_n():
    from wetread.evaluate.discordance.as_text import as_text

    page = as_text(figures(crowd(P, P, 30, manufacturer="ACME") + crowd(P, P, 4, 100, manufacturer="OLD")))
    assert "1.000 [0.898, 1.000] n 34" in page
    assert "n/a (too few), n 4" in page
    assert "by manufacturer" in page
    assert film_study().ref not in page
