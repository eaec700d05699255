"""Where the trail is sealed and archived."""

from typing import Protocol

from nightlatch.domain.seal import SealState


class Seals(Protocol):
    """Reading where sealing stands."""

    def seal_state(self) -> SealState:
        """Read, consistently, where sealing stands; version 0 before the first seal."""
        ...


class Evidence(Protocol):
    """Objects that nobody can change or remove until their time is over."""

    def put(self, key: str, content: bytes) -> bool:
        """Keep something under a key, unless there is something already; say whether it was kept.

        Raises StoreUnavailableError when nothing can be said.
        """
        ...

    def get(self, key: str) -> bytes | None:
        """Read what is kept under a key; None when there is nothing."""
        ...

    def keys(self, prefix: str, *, after: str = "", limit: int) -> list[str]:
        """List so many keys that begin with `prefix` and come after `after`, in order."""
        ...


class Signer(Protocol):
    """A signing key that never leaves its vault (ECDSA over P-256 with SHA-256)."""

    @property
    def key_id(self) -> str:
        """Name the key."""
        ...

    def sign(self, content: bytes) -> str:
        """Sign, and write the signature (DER) in base 64."""
        ...

    def has_signed(self, content: bytes, signature: str) -> bool:
        """Whether a signature is this key's, over this content."""
        ...

    def public_key(self) -> str:
        """Write the public key as PEM."""
        ...
