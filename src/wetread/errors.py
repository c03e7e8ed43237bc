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
│   └── ReaderRefused          it will not read this: the reason is the answer
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
    """A reader did not answer."""


class ReaderUnavailable(ReaderError):
    """A reader did not answer for now: a later try may succeed."""

    retry = True


class ReaderRefused(ReaderError):
    """A reader will not read this study; its reason is the answer."""


class NobodyRead(WetreadError):
    """No reader answered, so there is nothing to consolidate: the study is UNREAD."""
