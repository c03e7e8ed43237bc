"""What reading took, in words: cost, tokens predicted and billed, time, and the way an answer came about."""

from collections.abc import Iterator

from wetread.domain.consensus import Spend, Spending, Total, spending_of
from wetread.domain.read import Answer, Read, Trace
from wetread.domain.report import Report
from wetread.reporting.claims import clipped
from wetread.reporting.words import sentence


def spend_line(spend: Spend) -> str:
    """Cost, tokens where there are any, time where it was taken. What nobody knows says so."""
    tokens = token_words(spend)
    parts = (
        sentence("spending", "cost_line", cost=cost_words(spend)),
        sentence("spending", "tokens_line", tokens=tokens) if tokens else "",
        latency_words(spend),
    )
    return "; ".join(filter(None, parts))


def cost_words(spend: Spend) -> str:
    """US dollars, beside those predicted."""
    if spend.predicted_cost_usd is None:
        return sentence("spending", "cost", usd=_usd(spend.cost_usd))
    predicted = _usd(spend.predicted_cost_usd)
    return sentence("spending", "cost_predicted", usd=_usd(spend.cost_usd), predicted=predicted)


def token_words(spend: Spend) -> str:
    """Tokens billed, beside those predicted; empty where a reader has none."""
    told = (spend.input_tokens, spend.output_tokens, spend.predicted_input_tokens, spend.predicted_output_tokens)
    if not spend.metered or all(count is None for count in told):
        return ""
    parts = {"input": _count(spend.input_tokens), "output": _count(spend.output_tokens)}
    if spend.predicted_input_tokens is None and spend.predicted_output_tokens is None:
        return sentence("spending", "tokens", **parts)
    predicted_input, predicted_output = _count(spend.predicted_input_tokens), _count(spend.predicted_output_tokens)
    return sentence(
        "spending", "tokens_predicted", **parts, predicted_input=predicted_input, predicted_output=predicted_output
    )


def latency_words(spend: Spend) -> str:
    """Seconds, empty where nobody took the time."""
    return "" if spend.latency_s is None else sentence("spending", "latency", seconds=spend.latency_s)


def sum_line(report: Report) -> str:
    """All readers together; a sum with an unknown part says whose is missing. Empty where no reader was asked."""
    spending = spending_of(report.answers)
    if not spending.readers:
        return ""
    parts = [sentence("spending", "sum", usd=_at_least(spending.cost_usd, money=True)), *_token_sum(spending)]
    if spending.slowest_s is not None:
        parts.append(sentence("spending", "slowest", seconds=spending.slowest_s))
    return "; ".join(parts)


def _token_sum(spending: Spending) -> Iterator[str]:
    billed, given = spending.input_tokens, spending.output_tokens
    if billed.known is not None or given.known is not None:
        yield sentence("spending", "sum_tokens", input=_at_least(billed), output=_at_least(given))


def way_lines(answer: Answer) -> Iterator[str]:
    """How a read came about, where it is not the plain way: readers tried before, the cache, repairs, the rule."""
    trace = answer.trace if isinstance(answer, Read) else None
    if trace is not None:
        yield from (sentence("spending", "hop", hop=clipped(hop)) for hop in trace.hops)
        yield from _facts(trace, answer.reader.model_id)


def prompt_of(answer: Answer) -> str:
    """Behind a reader in the trace: its model id and the prompt it was asked with, where there are any."""
    trace = answer.trace if isinstance(answer, Read) else None
    model_id = f" {answer.reader.model_id}" if answer.reader.model_id else ""
    if trace is None or trace.prompt is None:
        return model_id
    return f"{model_id} prompt {trace.prompt} {(trace.prompt_sha256 or '')[:16]}".rstrip()


def _facts(trace: Trace, model_id: str | None) -> Iterator[str]:
    if trace.cached:
        yield sentence("spending", "cached")
    if trace.answered_by is not None and trace.answered_by != model_id:
        yield sentence("spending", "answered_by", model_id=clipped(trace.answered_by))
    if trace.form == "prose":
        yield sentence("spending", "prose")
    if trace.repairs:
        yield sentence("spending", "repairs", count=trace.repairs)
    if trace.egress is not None:
        yield sentence("spending", "egress", rule=clipped(trace.egress))


def _usd(cost: float | None) -> str:
    return sentence("spending", "unknown") if cost is None else f"${cost:.4f}"


def _count(tokens: float | None) -> str:
    return sentence("spending", "unknown") if tokens is None else f"{tokens:,.0f}"


def _at_least(total: Total, *, money: bool = False) -> str:
    value = _usd(total.known) if money else _count(total.known)
    if total.known is None or not total.unknown_for:
        return value
    readers = ", ".join(clipped(name) for name in total.unknown_for)
    return sentence("spending", "at_least", value=value, readers=readers)
