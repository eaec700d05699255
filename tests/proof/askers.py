"""People and programs that ask for access, as habits and schedules make them: for weeks, with chance of their own.

Each is a way of asking; what it yields are requests for one resource, with when access was given and ended.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from random import Random

from nightlatch.domain.audit_event import EventType
from nightlatch.domain.ledger import LedgerEntry
from tests.builders import NOON
from tests.unit.domain.detectors.requests import History

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
WEEKS = 6
END = WEEKS * 7 * DAY
MONDAY = NOON.replace(hour=0) + timedelta(days=1)
MOST = 400
"""Requests of one asker: who asks every minute is judged by the first hours."""

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
CURL = "curl/8.5.0"


@dataclass(frozen=True)
class Ask:
    """One request: when, for how long, given how much later if at all, and given back how long before its end."""

    at: float
    lasts: float = HOUR
    wait: float = 0.0
    early: float | None = None
    is_granted: bool = True

    @property
    def end(self) -> float:
        """When there is no access any more."""
        return self.at + self.wait + self.lasts - (self.early or 0)


Way = Callable[[Random], Iterator[Ask]]


def told(asks: Iterator[Ask], *, agent: str) -> list[LedgerEntry]:
    """Let the ledger tell of requests, in the order in which things happened."""
    happenings: list[tuple[float, EventType, str, Ask]] = []
    for number, ask in enumerate(islice(asks, MOST)):
        request_id = f"req_{number}"
        happenings.append((ask.at, EventType.ACCESS_REQUESTED, request_id, ask))
        if ask.is_granted:
            happenings.append((ask.at + ask.wait, EventType.ACCESS_GRANTED, request_id, ask))
        if ask.early is not None:
            happenings.append((ask.end, EventType.ACCESS_RETURNED, request_id, ask))
    history = History()
    for at, event_type, request_id, ask in sorted(happenings, key=lambda one: one[:2]):
        moment = MONDAY + timedelta(seconds=at)
        if event_type is EventType.ACCESS_REQUESTED:
            history.ask(request_id, at=moment, user_agent=agent)
        elif event_type is EventType.ACCESS_GRANTED:
            history.grant(request_id, at=moment, end=moment + timedelta(seconds=ask.lasts))
        else:
            history.tell(event_type, request_id, at=moment)
    return history.entries


# People


def office(chance: Random) -> Iterator[Ask]:
    """Ask when something comes up on a working day: up to three times, each time for an hour or more."""
    for day in _working_days():
        for hour in sorted(chance.uniform(8, 18) for _ in range(chance.choice([0, 0, 1, 1, 2, 3]))):
            yield _approved(chance, day + hour * HOUR, lasts=chance.choice([1, 2, 4]) * HOUR)


def every_morning(chance: Random) -> Iterator[Ask]:
    """Begin each working day with it, a quarter of an hour sooner or later."""
    start, spread = chance.uniform(7.5, 10), chance.uniform(6, 25) * MINUTE
    for day in _working_days():
        if chance.random() > 0.08:
            yield _approved(chance, day + start * HOUR + chance.gauss(0, spread), lasts=8 * HOUR)


def seven_days_on_call(chance: Random) -> Iterator[Ask]:
    """Begin every day with it, also at weekends, as nearly at the same time as people are."""
    start, spread = chance.uniform(7.5, 10), chance.uniform(4, 15) * MINUTE
    for day in _days():
        yield _approved(chance, day + start * HOUR + chance.gauss(0, spread), lasts=8 * HOUR)


def shifts_of_eight(chance: Random) -> Iterator[Ask]:
    """Ask when a shift begins: early, late and night in turn, four days on and two off."""
    for day in _days():
        number = int(day // DAY)
        if number % 6 < 4:
            start = (6, 14, 22)[number // 6 % 3]
            yield _approved(chance, day + start * HOUR + chance.gauss(0, 8 * MINUTE), lasts=8 * HOUR)


def shifts_of_twelve(chance: Random) -> Iterator[Ask]:
    """Ask when a long shift begins, two days, two nights, four off, and once more in the middle of it."""
    for day in _days():
        turn = int(day // DAY) % 8
        if turn < 4:
            start = day + (7 if turn < 2 else 19) * HOUR + chance.gauss(0, 8 * MINUTE)
            yield _approved(chance, start, lasts=6 * HOUR)
            yield _approved(chance, start + 6 * HOUR + chance.uniform(2, 40) * MINUTE, lasts=6 * HOUR)


def paged(chance: Random) -> Iterator[Ask]:
    """Be paged a few times a week, at any hour, and ask once or a few times until it is solved."""
    at = 0.0
    while (at := at + chance.expovariate(3 / (7 * DAY))) < END:
        for _ in range(chance.choice([1, 1, 2, 3])):
            yield (ask := _approved(chance, at, lasts=HOUR, slowest=5))
            at = ask.end + chance.uniform(0.3, 40) * MINUTE


def long_nights(chance: Random) -> Iterator[Ask]:
    """Debug for hours on some days, and ask again for the same hour when it is noticed that it is over."""
    for day in _working_days():
        if chance.random() < 0.4:
            at = day + chance.uniform(9, 14) * HOUR
            for _ in range(chance.randint(3, 8)):
                yield (ask := _approved(chance, at, lasts=HOUR, slowest=10))
                at = ask.end + chance.lognormvariate(1.8, 0.9) * MINUTE


def weekly_release(chance: Random) -> Iterator[Ask]:
    """Release every week at about the same hour."""
    for week in range(WEEKS):
        yield _approved(chance, week * 7 * DAY + DAY + 14 * HOUR + chance.gauss(0, 20 * MINUTE), lasts=2 * HOUR)


def impatient(chance: Random) -> Iterator[Ask]:
    """Be rejected, or forget something, and ask again, up to five times within a quarter of an hour."""
    for day in _working_days():
        if chance.random() < 0.3:
            at = day + chance.uniform(8, 17) * HOUR
            for _ in range(chance.randint(2, 5)):
                wait = chance.uniform(0.2, 2) * MINUTE
                yield Ask(at, is_granted=False)
                at += wait + chance.uniform(0.5, 4) * MINUTE


PEOPLE: Mapping[str, Way] = {
    "office work": office,
    "every working morning": every_morning,
    "every morning, seven days": seven_days_on_call,
    "shifts of eight hours": shifts_of_eight,
    "shifts of twelve hours": shifts_of_twelve,
    "paged at any hour": paged,
    "long debugging, hour by hour": long_nights,
    "weekly release": weekly_release,
    "asks again and again": impatient,
}


# Programs


def cron(chance: Random) -> Iterator[Ask]:
    """Run every quarter of an hour to every six hours, a few seconds late."""
    every = chance.choice([0.25, 0.5, 1, 2, 3, 6]) * HOUR
    yield from _each(every, lambda: chance.uniform(0, 20), lasts=every / 3)


def cron_with_jitter(chance: Random) -> Iterator[Ask]:
    """Run every hour or few, and sleep up to a tenth of that first, as is good manners."""
    every = chance.choice([1, 2, 4]) * HOUR
    yield from _each(every, lambda: chance.uniform(0, every / 10), lasts=every / 3)


def cron_with_much_jitter(chance: Random) -> Iterator[Ask]:
    """Run every hour or few, and sleep up to half of that first."""
    every = chance.choice([1, 2, 4]) * HOUR
    yield from _each(every, lambda: chance.uniform(0, every / 2), lasts=every / 3)


def nightly(chance: Random) -> Iterator[Ask]:
    """Run every night at the same minute."""
    yield from _each(DAY, lambda: chance.uniform(0, 45), lasts=HOUR, since=chance.uniform(0, 6) * HOUR)


def nightly_on_working_days(chance: Random) -> Iterator[Ask]:
    """Run at the same minute of every working day: the gap of the weekend hides it."""
    start = chance.uniform(0, 6) * HOUR
    for day in _working_days():
        yield Ask(day + start + chance.uniform(0, 45))


def retry_loop(chance: Random) -> Iterator[Ask]:
    """Work now and then, and when it fails try again every half minute to minute, for long."""
    for day in _working_days():
        at, every = day + chance.uniform(0, 24) * HOUR, chance.uniform(20, 50)
        for _ in range(chance.choice([1, 15, 25])):
            yield Ask(at, is_granted=False)
            at += every


def renewing_daemon(chance: Random) -> Iterator[Ask]:
    """Hold access for good: ask again seconds after it is over, each time for another span."""
    at = chance.uniform(0, DAY)
    while at < END:
        yield (ask := Ask(at, wait=chance.uniform(1, 10), lasts=chance.choice([1, 2, 4, 8]) * HOUR))
        at = ask.end + chance.uniform(1, 40)


def script_by_hand(chance: Random) -> Iterator[Ask]:
    """Be run by somebody, when it is needed."""
    yield from office(chance)


PROGRAMS: Mapping[str, Way] = {
    "cron, exact": cron,
    "cron, a tenth of jitter": cron_with_jitter,
    "cron, half of jitter": cron_with_much_jitter,
    "nightly": nightly,
    "nightly on working days": nightly_on_working_days,
    "retry loop": retry_loop,
    "renewing daemon": renewing_daemon,
    "script run by hand": script_by_hand,
}


def _days() -> Iterator[float]:
    return (number * DAY for number in range(WEEKS * 7))


def _working_days() -> Iterator[float]:
    return (day for day in _days() if day // DAY % 7 < 5)


def _approved(chance: Random, at: float, *, lasts: float, slowest: float = 45) -> Ask:
    """Ask, be approved within minutes, and now and then give it back before it is over."""
    early = chance.uniform(0.1, 0.8) * lasts if chance.random() < 0.3 else None
    return Ask(at, wait=chance.uniform(0.2, slowest) * MINUTE, lasts=lasts, early=early)


def _each(every: float, late: Callable[[], float], *, lasts: float, since: float = 0.0) -> Iterator[Ask]:
    at = since
    while at < END:
        yield Ask(at + late(), lasts=lasts, wait=1.0)
        at += every
