"""A clock that tests can turn."""

from datetime import UTC, datetime, timedelta


class TurnableClock:
    """Stands still until it is turned."""

    def __init__(self, start: datetime = datetime(2024, 1, 2, 10, 15, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs a time with its zone")
        self._now = start

    def now(self) -> datetime:
        """The time it was turned to."""
        return self._now

    def turn(self, **by: float) -> None:
        """Move on: `clock.turn(minutes=5)`."""
        self._now += timedelta(**by)
