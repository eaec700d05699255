"""Reading the signed digests, and the key that they are signed with."""

from typing import NamedTuple

from pydantic import ValidationError

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.seal import LONGEST_SPAN, SEALS, Digest, first_seq_of, seal_key
from nightlatch.services.ports.evidence import Evidence, Signer

KEYS_PER_LOOK = 1000


class SealPage(NamedTuple):
    """Digests, oldest first. `after` is the first number of the last of them; None at the end."""

    digests: list[Digest]
    after: int | None


class KeptSeals:
    """What anybody needs who checks the trail by themselves."""

    def __init__(self, *, evidence: Evidence, signer: Signer) -> None:
        self._evidence = evidence
        self._signer = signer

    @property
    def key_id(self) -> str:
        """Name the key."""
        return self._signer.key_id

    def public_key(self) -> str:
        """Read the public key, as PEM."""
        return self._signer.public_key()

    def page(self, *, first: int, after: int | None, limit: int) -> SealPage:
        """Read digests from the one on that is over the number `first`, or after the one that begins with `after`."""
        after_key = seal_key(after) if after is not None else self._key_before(first)
        keys = self._evidence.keys(SEALS, after=after_key, limit=limit + 1)
        digests = [self._digest(key) for key in keys[:limit]]
        covering = [digest for digest in digests if digest.last_seq >= first]
        return SealPage(covering, first_seq_of(keys[limit - 1]) if len(keys) > limit else None)

    def _key_before(self, number: int) -> str:
        """Find the key before that of the digest over a number, which begins no further down than a span is long."""
        before = bound = seal_key(max(number - LONGEST_SPAN, 0))
        latest: str | None = None
        while keys := self._evidence.keys(SEALS, after=bound, limit=KEYS_PER_LOOK):
            bound = keys[-1]
            for key in keys:
                if first_seq_of(key) > number:
                    return before
                before, latest = latest or before, key
        return before

    def _digest(self, key: str) -> Digest:
        digest = read_digest(self._evidence.get(key))
        if digest is None:
            raise StoreUnavailableError(f"{key} holds no digest")
        return digest


def read_digest(content: bytes | None) -> Digest | None:
    """Read a digest as it is kept; None when this is none."""
    if content is None:
        return None
    try:
        return Digest.model_validate_json(content)
    except ValidationError:
        return None
