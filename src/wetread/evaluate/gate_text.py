"""What the gate says, as a table for a terminal: every check with its figure and the limit it was held to."""

from wetread.evaluate.gate import MAIN, Outcome, Verdict
from wetread.evaluate.words import table

HEAD = ("check", "outcome", "figure", "limit", "says")
WORDS = {Outcome.PASSED: "passed", Outcome.STOPPED: "STOPPED", Outcome.UNKNOWN: "unknown"}


def gate_text(verdict: Verdict) -> str:
    """The verdict, check by check, and what it comes to."""
    rows = [(one.name, WORDS[one.outcome], _number(one.value), f"{one.limit:g}", one.says) for one in verdict.checks]
    return (
        "\n".join(
            [
                f"== {verdict.candidate} in the place of {verdict.present} (gate policy {verdict.policy_version})",
                table(HEAD, rows),
                "",
                conclusion(verdict),
                "Research use only. A gate that lets through promotes nobody: a named person does.",
            ]
        )
        + "\n"
    )


def conclusion(verdict: Verdict) -> str:
    """One sentence: let through, or stopped and by what."""
    if verdict.lets_through:
        return f"LET THROUGH: {verdict.candidate} is no worse than {verdict.present} within the margins."
    stopped = [one.name for one in verdict.checks if one.outcome is Outcome.STOPPED]
    if stopped:
        return f"STOPPED: {verdict.candidate} is worse on {', '.join(stopped)}."
    return f"STOPPED: nobody can say it of {verdict.candidate} on so few cases ({', '.join(_open(verdict))})."


def _open(verdict: Verdict) -> list[str]:
    return [one.name for one in verdict.checks if one.outcome is Outcome.UNKNOWN and one.name in MAIN]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
