"""The public key of the seals, and the digests that were downloaded with it."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import ValidationError

from nightlatch.domain.seal import Digest
from nightlatch.entrypoints.cli.errors import MistakenError

KEY_FILE = "key.pem"


def digests_in(directory: Path) -> Iterator[Digest]:
    """Read digests, by their numbers, one at a time."""
    files = sorted(directory.glob("*.json"))
    if not files:
        raise MistakenError(f"there are no digests in {directory}; get them with: nightlatch audit seals --out DIR")
    for file in files:
        try:
            yield Digest.model_validate_json(file.read_bytes())
        except (OSError, ValidationError) as error:
            raise MistakenError(f"{file} is no digest") from error


def signed_with(key_file: Path) -> Callable[[Digest], bool]:
    """Read a public key (PEM), and return what tells whether a digest is signed with it."""
    # Only here: it takes a while to import, and nothing else needs it.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(key_file.read_bytes())
    except (OSError, ValueError) as error:
        raise MistakenError(f"{key_file} holds no public key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise MistakenError(f"{key_file} is no elliptic curve key")

    def is_signed(digest: Digest) -> bool:
        try:
            key.verify(b64decode(digest.signature, validate=True), digest.signed_content, ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True

    return is_signed
