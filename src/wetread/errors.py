"""Every deliberate error, in one tree. The class answers "is it worth trying again?" (`retry`).

WetreadError
├── InputError                 what came from outside can't be used
│   ├── FileUnreadable         the bytes are no DICOM object, picture or archive we can parse
│   ├── PixelsUnreadable       the object parses, its pixels do not decode
│   ├── TooLarge               a declared or actual size is over a limit (bombs included)
│   ├── TookTooLong            parsing or decoding ran over its time limit
│   └── ContextInvalid         the context file does not follow its schema
├── ConfigurationError         the site's settings name something that can't work
│   ├── UnknownPlugin          no reader, source or destination of that name
│   ├── MissingExtra           an optional dependency is not installed
│   ├── CardInvalid            a reader's card, weights or hash do not fit together
│   └── ClinicalDataInvalid    vocabulary, urgency policy or presets are malformed
├── ReaderError                a reader did not answer
│   ├── ReaderUnavailable      for now: try again (retry)
│   │   ├── RateLimited        too many requests or tokens; it may say how long to wait
│   │   └── TimedOut           no answer within the time allowed
│   ├── ReaderRefused          it will not read this: the reason is the answer
│   │   ├── KeyRejected        the provider refused the key: no fallback, a human must mend it
│   │   ├── EgressDenied       the egress policy does not let this data go there
│   │   ├── NotPromoted        the site asks only readers that passed its gate, and this one has not
│   │   └── BudgetSpent        the call would cost more than is left
│   └── AnswerUnusable         it answered, but no read could be made of it; the raw text is kept
├── ServiceError               the worklist could not do what was asked
│   ├── StoreUnavailable       the database or blob store does not answer: try again (retry)
│   ├── SourceUnavailable      a server or node that studies are fetched from does not answer well: try again (retry)
│   ├── RecordInvalid          a stored record can't be read: the store was changed by something else
│   ├── NotFound               there is no such study, job, user or token
│   ├── Conflict               somebody else changed it meanwhile, or it is in no state for this
│   ├── Forbidden              the caller's roles do not allow it
│   └── DeliveryFailed         a destination did not take a report; `retry` is true where it may later
└── NobodyRead                 no reader answered, so there is nothing to consolidate
"""


class WetreadError(Exception):
    """The root of all deliberate errors; its message says what, which object and what to do."""

    retry: bool = False


class InputError(WetreadError):
    """Something from outside can't be used.

    `subject` names the object (a file as it was given), `problem` what is wrong, `remedy` what to do.
    """

    def __init__(self, subject: str, problem: str, remedy: str = "") -> None:
        self.subject = subject
        self.problem = problem
        self.remedy = remedy
        super().__init__(subject, problem, remedy)

    def __str__(self) -> str:
        tail = f"; {self.remedy}" if self.remedy else ""
        return f"{self.subject}: {self.problem}{tail}"


class FileUnreadable(InputError):
    """The bytes are no DICOM object, picture or archive that can be parsed safely."""


class PixelsUnreadable(InputError):
    """The object parses, but its pixels do not decode."""


class TooLarge(InputError):
    """A declared or actual size is over a limit; nothing was allocated for it."""


class TookTooLong(InputError):
    """Parsing or decoding ran over its time limit and was stopped."""


class ContextInvalid(InputError):
    """The clinical context file does not follow its schema."""


class ConfigurationError(WetreadError):
    """The site's settings name something that can't work."""


class UnknownPlugin(ConfigurationError):
    """No reader, source or destination of that name is installed."""


class MissingExtra(ConfigurationError):
    """An optional dependency is not installed; the message names the extra."""


class CardInvalid(ConfigurationError):
    """A reader's card, weights or hash do not fit together."""


class ClinicalDataInvalid(ConfigurationError):
    """Vocabulary, urgency policy or presets are malformed."""


class ReaderError(WetreadError):
    """A reader did not answer. `code` names the kind in an abstention, `failed` tells a breakdown from a reason."""

    code: str = "unavailable"
    failed: bool = True


class ReaderUnavailable(ReaderError):
    """A reader did not answer for now: a later try may succeed.

    `retry_after_s` is how long it asked to be left alone; `billed` whether the failed try was charged, None where
    nobody knows.
    """

    retry = True

    def __init__(self, *why: object, retry_after_s: float | None = None, billed: bool | None = None) -> None:
        super().__init__(*why)
        self.retry_after_s = retry_after_s
        self.billed = billed


class RateLimited(ReaderUnavailable):
    """Too many requests or tokens for now."""

    code = "rate_limited"


class TimedOut(ReaderUnavailable):
    """No answer within the time allowed; whether it is charged is not known."""

    code = "timeout"


class ReaderRefused(ReaderError):
    """A reader will not read this study; its reason is the answer."""

    code = "outside_examination"
    failed = False


class KeyRejected(ReaderRefused):
    """The provider refused the key (401, 403): nothing is tried in its place until a human has mended it."""

    code = "key_rejected"
    failed = True


class EgressDenied(ReaderRefused):
    """The egress policy does not let this data go to that endpoint."""

    code = "egress_denied"
    failed = True


class NotPromoted(ReaderRefused):
    """The site asks only readers that a named person promoted, and this one, as it is now, is none of them."""

    code = "not_promoted"
    failed = True


class BudgetSpent(ReaderRefused):
    """The call would cost more than is left of a budget."""

    code = "budget_spent"
    failed = True


class AnswerUnusable(ReaderError):
    """A reader answered, but no read could be made of it. `raw` is its text, kept for a human."""

    code = "answer_unusable"

    def __init__(self, *why: object, raw: str = "") -> None:
        super().__init__(*why)
        self.raw = raw


class ServiceError(WetreadError):
    """The worklist could not do what was asked."""


class StoreUnavailable(ServiceError):
    """The database or the blob store does not answer for now; nothing was changed."""

    retry = True


class SourceUnavailable(ServiceError):
    """A server, node or folder that studies are fetched from does not answer, or not as it should; nothing is lost."""

    retry = True


class RecordInvalid(ServiceError):
    """A stored record can't be read: something else than this software changed the store."""


class NotFound(ServiceError):
    """There is no such study, job, user or token."""


class Conflict(ServiceError):
    """Somebody else changed it meanwhile, or its state does not allow this."""


class Forbidden(ServiceError):
    """The caller's roles do not allow it."""


class DeliveryFailed(ServiceError):
    """A destination did not take a report. `retry` tells whether it may later; a lasting refusal stops at once."""

    def __init__(self, *why: object, retry: bool = True) -> None:
        super().__init__(*why)
        self.retry = retry


class NobodyRead(WetreadError):
    """No reader answered, so there is nothing to consolidate: the study is UNREAD."""
