"""Evidence in memory, and a signing key of our own. The suite in tests/integration/aws runs on them too."""

from base64 import b64decode, b64encode
from binascii import Error as NoBase64Error
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nightlatch.domain.errors import StoreUnavailableError


@dataclass
class FakeEvidence:
    """Keeps objects, none twice, unless it is down."""

    objects: dict[str, bytes] = field(default_factory=dict)
    got: list[str] = field(default_factory=list)
    is_down: bool = False

    def put(self, key: str, content: bytes) -> bool:
        """Keep something, unless there is something."""
        self._answer()
        return self.objects.setdefault(key, content) is content

    def get(self, key: str) -> bytes | None:
        """Read something."""
        self._answer()
        self.got.append(key)
        return self.objects.get(key)

    def keys(self, prefix: str, *, after: str = "", limit: int) -> list[str]:
        """List keys."""
        self._answer()
        return sorted(key for key in self.objects if key.startswith(prefix) and key > after)[:limit]

    def _answer(self) -> None:
        if self.is_down:
            raise StoreUnavailableError("the evidence cannot be reached: down")


@dataclass
class FakeSigner:
    """Signs with a key of its own."""

    key_id: str = "key-1"
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def sign(self, content: bytes) -> str:
        """Sign."""
        return b64encode(self.private.sign(content, ec.ECDSA(SHA256()))).decode()

    def has_signed(self, content: bytes, signature: str) -> bool:
        """Verify."""
        try:
            self.private.public_key().verify(b64decode(signature, validate=True), content, ec.ECDSA(SHA256()))
        except (InvalidSignature, NoBase64Error):
            return False
        return True

    def public_key(self) -> str:
        """Write the public key."""
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
