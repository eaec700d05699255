"""The seals of the audit trail."""

from typing import Literal

from typing_extensions import TypedDict

from nightlatch.domain.seal import ALGORITHM, Digest
from nightlatch.entrypoints.api.cursors import Page
from nightlatch.entrypoints.api.views.base import Links, links_of, view
from nightlatch.services.kept_seals import KeptSeals, SealPage


@view
class SealList(TypedDict):
    """A page of signed digests, oldest first, each exactly as it is kept."""

    seals: list[Digest]
    next_cursor: str | None
    _links: Links


def seal_list(read: SealPage, *, page: Page) -> SealList:
    """Show what is kept."""
    next_cursor = page.cursor_at(read.after)
    return SealList(seals=read.digests, next_cursor=next_cursor, _links=links_of(page.links(next_cursor)))


@view
class PublicKey(TypedDict):
    """The public half of the key that digests are signed with."""

    key_id: str
    algorithm: Literal["ECDSA_SHA_256"]
    pem: str


def public_key(kept: KeptSeals) -> PublicKey:
    """Show the key."""
    return PublicKey(key_id=kept.key_id, algorithm=ALGORITHM, pem=kept.public_key())
