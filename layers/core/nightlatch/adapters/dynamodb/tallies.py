"""Tallies: one item for each, which is counted in place, so that nobody who counts waits for another.

    TALLY   <window's end>#<hash>   { version: 31, total: 210, lowest: 4, highest: 93, notes: {"filters=…"}, body }

The body is the first time; `version` counts all of them, and the other attributes hold what was added since.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action

from nightlatch.adapters.dynamodb.keys import TALLIES, tally_key
from nightlatch.adapters.dynamodb.reading import PAGE
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.tally import GRACE, MOST_NOTES, Note, Tally, in_order
from nightlatch.domain.value import rfc3339

REFUSED = "ConditionalCheckFailedException"
IN_THE_WAY = "TransactionConflictException"
EVERY_KEY = "~"
"""Sorts after the hash of every key."""


class TallyRecord(StateRecord):
    """What was counted, beside the count itself in `version`."""

    total = NumberAttribute(null=True)
    lowest = NumberAttribute(null=True)
    highest = NumberAttribute(null=True)
    notes = UnicodeSetAttribute(null=True)
    left_off = NumberAttribute(null=True)
    last_at = UnicodeAttribute(null=True)


class DynamoTallies:
    """Counts, and reads what is to be told."""

    def count(self, tally: Tally) -> None:
        """Add one time to the tally of the same window, or begin it."""
        record = TallyRecord(*tally_key(tally))
        notes = {_written(note) for note in tally.notes}
        noting = [TallyRecord.notes.add(notes)] if notes else []
        if not _updated(record, [*_one_time(tally), *noting], _fits(notes)):
            _updated(record, [*_one_time(tally), TallyRecord.left_off.add(1)])
        _widen(record, tally)

    def count_tokens(self, tally: Tally) -> bool:
        """Count that one of a tally's attempts to sign in led to tokens; False when there is no such tally."""
        counting = [TallyRecord.version.add(1), TallyRecord.total.add(1)]
        return _updated(TallyRecord(*tally_key(tally)), counting, TallyRecord.pk.exists())

    def closed(self, at: datetime) -> Iterator[Tally]:
        """Read, consistently, the tallies whose windows are closed, those first that were closed first."""
        over = TallyRecord.sk <= f"{rfc3339(at - GRACE)}#{EVERY_KEY}"
        found = map(_tally_of, TallyRecord.query(TALLIES, over, consistent_read=True, page_size=PAGE))
        return (tally for tally in found if tally.is_closed(at))  # some kinds have a longer grace


def _one_time(tally: Tally) -> list[Action]:
    blank = tally.model_copy(update={"total": 0, "lowest": None, "highest": None, "notes": ()})
    actions: list[Action] = [
        TallyRecord.version.add(1),
        TallyRecord.total.add(tally.total),
        TallyRecord.last_at.set(rfc3339(tally.last_at)),
        TallyRecord.body.set(TallyRecord.body | blank.model_dump_json()),
    ]
    for attribute, number in ((TallyRecord.lowest, tally.lowest), (TallyRecord.highest, tally.highest)):
        if number is not None:
            actions.append(attribute.set(attribute | number))
    return actions


def _fits(notes: set[str]) -> Condition | None:
    """Require that there is room for notes, or that they are there already."""
    if not notes:
        return None
    room = size(TallyRecord.notes) <= MOST_NOTES - len(notes)  # type: ignore[no-untyped-call]  # as PynamoDB wrote it
    fits: Condition = TallyRecord.notes.does_not_exist() | room
    first, *others = sorted(notes)
    known: Condition = TallyRecord.notes.contains(first)
    for other in others:
        known &= TallyRecord.notes.contains(other)
    fits |= known
    return fits


def _widen(record: TallyRecord, tally: Tally) -> None:
    """Let the numbers reach as far as this time's. DynamoDB knows no least and no greatest: it needs a look first."""
    if tally.lowest is not None and record.lowest > tally.lowest:
        _updated(record, [TallyRecord.lowest.set(tally.lowest)], TallyRecord.lowest > tally.lowest)
    if tally.highest is not None and record.highest < tally.highest:
        _updated(record, [TallyRecord.highest.set(tally.highest)], TallyRecord.highest < tally.highest)


def _updated(record: TallyRecord, actions: Sequence[Action], condition: Condition | None = None) -> bool:
    """Change an item in place, and read what it has become; False when the condition does not hold."""
    try:
        record.update([*actions], condition)
    except UpdateError as error:
        if error.cause_response_code == REFUSED:
            return False
        if error.cause_response_code == IN_THE_WAY:
            raise StoreUnavailableError("the tally is being told") from error
        raise
    return True


def _tally_of(record: TallyRecord) -> Tally:
    """Read a tally: the body is its first time, without what the attributes count."""
    first = value_of(record, Tally)
    return Tally.model_validate(
        {
            **dict(first),
            "version": record.version,
            "total": first.total + (record.total or 0),
            "lowest": record.lowest,
            "highest": record.highest,
            "notes": in_order((*first.notes, *map(_read, record.notes or ()))),
            "left_off": record.left_off or 0,
            "last_at": record.last_at or first.last_at,
        }
    )


def _written(note: Note) -> str:
    return f"{note.name}={note.text}"


def _read(written: str) -> Note:
    name, _, text = written.partition("=")
    return Note(name=name, text=text)
