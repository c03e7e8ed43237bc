"""Places in the worklist over made-up studies: whatever is said only raises, time only lifts, the order is total."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority, Reason
from wetread.domain.waiting import Lane, Override, PatientClass
from wetread.worklist.order import EPOCH, LANE_WIDTH_S, SortKey, place, queue_priority
from wetread.worklist.order_case import Case

POLICY, WAITING = load_policy(), load_worklist_policy()
DAY = datetime(2026, 11, 21, 8, tzinfo=UTC)
moments = st.integers(-3 * 1440, 3 * 1440).map(lambda minutes: DAY + timedelta(minutes=minutes))
minutes = st.none() | st.integers(0, 5000)
priorities = st.sampled_from(Priority)
said_priorities = st.none() | priorities
words = st.builds(
    Override,
    priority=st.sampled_from([p for p in Priority if p is not Priority.UNREAD]),
    reason=st.just("seen on the earlier film"),
    by=st.just("dr.x"),
    at=moments,
)
reasons = st.builds(
    lambda priority, text: Reason(source="rule", priority=priority, rule_id=f"rule.{text}", text=text),
    priorities,
    st.sampled_from(["tension pneumothorax", "nodule", "the order is stat"]),
)
cases = st.builds(
    Case,
    priority=said_priorities,
    target_min=minutes,
    order_priority=st.none() | st.sampled_from(OrderPriority),
    patient_class=st.sampled_from(PatientClass),
    arrived_at=moments,
    policy=st.just(POLICY),
    waiting=st.just(WAITING),
    override=st.none() | words,
    reasons=st.lists(reasons, max_size=3).map(tuple),
    failed=st.none() | st.sampled_from(["", "no reader answered"]),
    floor=said_priorities,
    floor_target_min=minutes,
    heard_at=st.none() | moments,
)
plain = cases.map(lambda case: replace(case, override=None))
# A human's word from before the last image or report lowers nothing any more.
unlowered = plain | st.builds(
    lambda case, word: replace(case, override=word, heard_at=word.at + timedelta(minutes=1)), cases, words
)
unread = unlowered.map(lambda case: replace(case, priority=None, reasons=()))  # reasons come with a read


def key(case, now):
    standing = place(case, now)
    return standing.lane, standing.deadline


@given(case=unlowered, other=priorities, now=moments)
def test_a_more_urgent_priority_never_stands_later(case, other, now):
    if case.priority is not None and other.rank <= case.priority.rank:
        rests_on = tuple(reason for reason in case.reasons if reason.priority.rank >= case.priority.rank)
        case = replace(case, reasons=rests_on)
        assert key(replace(case, priority=other), now) <= key(case, now)


@given(case=unread, now=moments, priority=priorities, left=minutes)
def test_a_first_read_never_places_a_study_later_than_it_stood_unread(case, now, priority, left):
    assert key(replace(case, priority=priority, target_min=left), now) <= key(case, now)


@given(case=unlowered, now=moments, fewer=st.integers(1, 5000))
def test_fewer_minutes_never_stand_later(case, now, fewer):
    if case.target_min and fewer <= case.target_min:
        assert key(replace(case, target_min=fewer), now) <= key(case, now)


@given(case=cases, now=moments, earlier=st.integers(0, 5000))
def test_whoever_came_earlier_never_stands_later(case, now, earlier):
    before = replace(case, arrived_at=case.arrived_at - timedelta(minutes=earlier))
    assert key(before, now) <= key(case, now)


@given(case=unlowered, now=moments, more=reasons, order=st.sampled_from(OrderPriority))
def test_further_reasons_orders_floors_and_failures_never_place_it_later(case, now, more, order):
    stands = key(case, now)
    assert key(replace(case, reasons=(*case.reasons, more)), now) <= stands
    assert key(replace(case, failed=case.failed or "no answer"), now) <= stands
    if case.order_priority is None:
        assert key(replace(case, order_priority=order), now) <= stands
    if case.floor is None:
        assert key(replace(case, floor=more.priority), now) <= stands


@given(case=cases, now=moments, later=st.integers(0, 5000))
def test_what_is_heard_after_a_humans_word_never_places_it_later(case, now, later):
    if case.heard_at is not None:
        assert key(replace(case, heard_at=case.heard_at + timedelta(minutes=later)), now) <= key(case, now)


@given(case=cases, now=moments, later=st.integers(0, 5000))
def test_time_only_lifts(case, now, later):
    before, after = place(case, now), place(case, now + timedelta(minutes=later))
    assert after.lane <= before.lane
    assert (after.deadline, after.lift_at, after.priority) == (before.deadline, before.lift_at, before.priority)


@given(case=cases, now=moments)
def test_nothing_is_due_after_its_cap_and_whoever_waited_his_share_is_lifted(case, now):
    standing = place(case, now)
    assert case.arrived_at < standing.deadline <= case.arrived_at + timedelta(minutes=case.cap_min)
    assert (standing.lane is Lane.DUE) <= (now < standing.lift_at)


@given(case=plain, now=moments, failed=st.sampled_from(["", "no answer"]))
def test_a_study_that_ai_failed_on_never_stands_behind_one_it_called_urgent(case, now, failed):
    case = replace(case, reasons=(), priority=None)
    urgent = replace(case, priority=Priority.P2, target_min=POLICY.target_min[Priority.P2], failed=None)
    stands = place(replace(case, failed=failed), now)
    assert (stands.lane, stands.deadline) <= key(urgent, now)
    assert stands.priority in {Priority.UNREAD, Priority.P1}


@given(case=cases, now=moments, word=words)
def test_only_a_humans_word_lowers_and_it_always_shows(case, now, word):
    without, with_word = place(replace(case, override=None), now), place(replace(case, override=word), now)
    assert any(word.reason in sentence and word.by in sentence for sentence in with_word.why)
    for reason in case.reasons:
        assert any(reason.text in sentence for sentence in with_word.why)
    if (with_word.lane, with_word.deadline) > (without.lane, without.deadline):
        assert case.heard_at is None or word.at >= case.heard_at


@given(case=cases, now=moments)
def test_the_same_study_at_the_same_time_has_one_place(case, now):
    assert place(case, now) == place(case, now)
    assert len(set(place(case, now).why)) == len(place(case, now).why)


@given(several=st.lists(cases, min_size=2, max_size=6), now=moments, seed=st.randoms())
def test_the_order_is_total_and_no_matter_how_the_studies_are_dealt(several, now, seed):
    keys = [SortKey(lane=key(c, now)[0], deadline=key(c, now)[1], study_id=str(n)) for n, c in enumerate(several)]
    dealt = list(keys)
    seed.shuffle(dealt)
    assert sorted(dealt) == sorted(keys)
    assert len(set(keys)) == len(keys)


lanes, seconds = st.sampled_from(Lane), st.integers(-(10**9), 2 * 10**9)


@given(one=st.tuples(lanes, seconds), other=st.tuples(lanes, seconds))
@example(one=(Lane.CRITICAL, LANE_WIDTH_S - 1), other=(Lane.LIFTED, 0))
@example(one=(Lane.DUE, 2 * 10**9), other=(Lane.DUE, LANE_WIDTH_S - 1))
def test_queue_numbers_sort_like_lane_and_deadline(one, other):
    numbers = [queue_priority(lane, EPOCH + timedelta(seconds=second)) for lane, second in (one, other)]
    assert all(1 <= number <= 2**31 - 1 for number in numbers)
    if one <= other:
        assert numbers[0] <= numbers[1]
    inside = all(0 <= second < 20 * 366 * 86400 for _, second in (one, other))
    if inside and one < other:
        assert numbers[0] < numbers[1]
