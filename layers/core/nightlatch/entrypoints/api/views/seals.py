"""The seals of the audit trail."""

from typing import Literal, Self

from nightlatch.domain.seal import ALGORITHM, Digest
from nightlatch.entrypoints.api.cursors import Page
from nightlatch.entrypoints.api.views.base import Links, View, links_of
from nightlatch.services.kept_seals import KeptSeals, SealPage


class SealList(View):
    """A page of signed digests, oldest first, each exactly as it is kept."""

    seals: list[Digest]
    next_cursor: str | None
    links: Links

    @classmethod
    def of(cls, read: SealPage, *, page: Page) -> Self:
        """Show what is kept."""
        next_cursor = page.cursor_at(read.after)
        return cls(seals=read.digests, next_cursor=next_cursor, links=links_of(page.links(next_cursor)))


class PublicKey(View):
    """The public half of the key that digests are signed with."""

    key_id: str
    algorithm: Literal["ECDSA_SHA_256"]
    pem: str

    @classmethod
    def of(cls, kept: KeptSeals) -> Self:
        """Show the key."""
        return cls(key_id=kept.key_id, algorithm=ALGORITHM, pem=kept.public_key())
