"""What went wrong at a provider, as one of our errors: is it worth another try, was it billed, what to do."""

import re
from collections.abc import Callable

from wetread.errors import (
    AnswerUnusable,
    KeyRejected,
    RateLimited,
    ReaderError,
    ReaderRefused,
    ReaderUnavailable,
    TimedOut,
)
from wetread.readers.vision.extra import exceptions, httpx2

SAID_MOST = 300
FORM_WORDS = re.compile(r"response_format|json_schema|output_config|responseJsonSchema|structured|tool|function", re.I)
Kinds = type[Exception] | tuple[type[Exception], ...]
TIMEOUTS = (exceptions.ModelTimeoutError, exceptions.ModelRequestTimeout)
MEND_KEY = "the key was refused; check the key and its rights for this model id"
NO_CREDIT = "the account's quota or credit is used up"
UNKNOWN_ID = "it does not know this model id or path; check model_id and base_url"


class FormRefused(ReaderRefused):
    """The endpoint does not know this form of asking; the next one may do."""


def as_reader_error(problem: Exception, *, name: str, host: str) -> ReaderError:
    """The error of our tree. Messages name the reader and its host, never what was sent."""
    if isinstance(problem, ReaderError):
        return problem
    if isinstance(problem, exceptions.ModelAPIError):
        return _from_provider(problem, name=name, host=host)
    if isinstance(problem, exceptions.UnexpectedModelBehavior):
        filtered = isinstance(problem, exceptions.ContentFilterError)
        why = "the provider's content filter stopped the answer" if filtered else f"{host} answered with no answer"
        return AnswerUnusable(f"{name}: {why}", raw=str(problem)[:SAID_MOST])
    if isinstance(problem, TimeoutError | httpx2.TimeoutException) or "Timeout" in type(problem).__name__:
        return TimedOut(f"{name}: {host} did not answer in time")
    if isinstance(problem, httpx2.UnsupportedProtocol | httpx2.DecodingError):
        return _for_good(ReaderRefused(f"{name}: {problem}"))
    what = "the connection to" if isinstance(problem, httpx2.HTTPError | OSError) else "an unexpected answer of"
    return ReaderUnavailable(f"{name}: {what} {host} failed ({type(problem).__name__})")


def _from_provider(problem: exceptions.ModelAPIError, *, name: str, host: str) -> ReaderError:
    status = getattr(problem, "status_code", None)
    said = f"{name}: {host} answered {status}" if status is not None else f"{name}: {host}: {_kind(problem)}"
    wait_s = problem.retry_after
    kinds_of_failure: tuple[tuple[Kinds, set[int], Callable[[], ReaderError]], ...] = (
        (exceptions.ModelAuthenticationError, {401, 403}, lambda: KeyRejected(f"{said}: {MEND_KEY}")),
        (exceptions.ModelQuotaExceededError, {402}, lambda: ReaderUnavailable(f"{said}: {NO_CREDIT}", billed=False)),
        (exceptions.ModelRateLimitError, {429}, lambda: RateLimited(said, retry_after_s=wait_s, billed=False)),
        (TIMEOUTS, {408}, lambda: TimedOut(f"{name}: {host} did not answer in time")),
        (exceptions.ModelConnectionError, set(), lambda: _from_connection(problem, name=name, host=host)),
        (exceptions.ModelNotFoundError, {404}, lambda: _for_good(ReaderRefused(f"{said}: {UNKNOWN_ID}"))),
    )
    for kinds, statuses, make in kinds_of_failure:
        if isinstance(problem, kinds) or status in statuses:
            return make()
    if status is not None and 400 <= status < 500 and status != 409:
        return _from_rejection(problem, said)
    if status is None and "decode" in str(problem).lower():
        said = f"{name}: {host} answered with a body that is no JSON"
    return ReaderUnavailable(said, retry_after_s=wait_s, billed=False if status else None)


def _from_rejection(problem: exceptions.ModelAPIError, said: str) -> ReaderError:
    """A 4xx: the request itself is wrong for this endpoint; one that speaks of the form is worth another form."""
    why = _reason(problem)
    refusal = FormRefused if FORM_WORDS.search(why) else ReaderRefused
    return _for_good(refusal(f"{said}: the request was refused{f' ({why})' if why else ''}"))


def _from_connection(problem: exceptions.ModelAPIError, *, name: str, host: str) -> ReaderError:
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, httpx2.UnsupportedProtocol | httpx2.DecodingError):
            return _for_good(ReaderRefused(f"{name}: {cause}"))
        cause = cause.__cause__
    unsent = getattr(problem, "phase", None) in {"pool", "connect"}
    text = f"{name}: the connection to {host} failed ({_kind(problem)})"
    return ReaderUnavailable(text, billed=False if unsent else None)


def _for_good(refusal: ReaderRefused) -> ReaderRefused:
    """A refusal that is a breakdown of the set-up, not a reader's reasoned "not my examination"."""
    refusal.code, refusal.failed = "rejected", True
    return refusal


def _kind(problem: BaseException) -> str:
    """The innermost cause's kind: its text may quote what was sent."""
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return type(problem).__name__


def _reason(problem: exceptions.ModelAPIError) -> str:
    """The provider's own short reason, where its body has one in the usual place; never the whole body."""
    body = problem.body
    inner = body.get("error", body) if isinstance(body, dict) else None
    told = inner.get("message") if isinstance(inner, dict) else inner
    return " ".join(str(told).split())[:SAID_MOST] if told else ""
