"""Tokens as an attacker would forge them, and as only the user pool can: its key lies in the emulator's state."""

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from nightlatch.entrypoints.local import demo
from nightlatch.entrypoints.local.facts import StackFacts
from nightlatch.entrypoints.local.layout import Layout

Part = dict[str, Any]
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Forger:
    """Somebody who has a person's token. `of_pool` signs as the user pool does; no attacker can."""

    token: str
    of_pool: rsa.RSAPrivateKey

    @classmethod
    def with_token_of(cls, username: str, facts: StackFacts, layout: Layout) -> "Forger":
        """Take a person's token, and the key of the user pool."""
        key = layout.data / "emulator" / "state" / "cognito-pool-keys" / f"{facts.user_pool_id}-access.pem"
        return cls(demo.sign_in(facts, username), _private_key(key))

    def signed(self, sign: Sign, *, header: Part | None = None, claims: Part | None = None) -> str:
        """Sign the token anew, with what is changed of it."""
        head, body, _ = self.token.split(".")
        content = f"{_changed(head, header)}.{_changed(body, claims)}"
        return f"{content}.{_encoded(sign(content.encode()))}"

    def by_pool(self, **claims: object) -> str:
        """Sign changed claims as the user pool would."""
        return self.signed(_rs256(self.of_pool), claims=claims)

    def by_public_key(self) -> str:
        """Sign with what everybody can read, as a secret that both sides know."""
        pem = self.of_pool.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return self.signed(lambda content: hmac.digest(pem, content, "sha256"), header={"alg": "HS256"})

    def with_old_signature(self, **claims: object) -> str:
        """Change what is signed, and leave the signature."""
        signature = urlsafe_b64decode(self.token.rpartition(".")[2] + "==")
        return self.signed(lambda _: signature, claims=claims)


def _private_key(file: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _rs256(key: rsa.RSAPrivateKey) -> Sign:
    return lambda content: key.sign(content, padding.PKCS1v15(), hashes.SHA256())


def _own_key(_content: bytes) -> bytes:
    return _rs256(rsa.generate_private_key(public_exponent=65537, key_size=2048))(_content)


def _nothing(_content: bytes) -> bytes:
    return b""


def _changed(part: str, changes: Part | None) -> str:
    return _encoded(json.dumps({**json.loads(urlsafe_b64decode(part + "==")), **(changes or {})}).encode())


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


FORGED: dict[str, Callable[[Forger], str]] = {
    "unsigned": lambda forger: forger.signed(_nothing, header={"alg": "none"}),
    "signature left out": lambda forger: forger.signed(_nothing),
    "signature of other claims": lambda forger: forger.with_old_signature(**{"cognito:groups": ["admins"]}),
    "HS256 with the public key": lambda forger: forger.by_public_key(),
    "own key under an unknown id": lambda forger: forger.signed(_own_key, header={"kid": "mine"}),
    "own key under the known id": lambda forger: forger.signed(_own_key),
    "of another client": lambda forger: forger.by_pool(client_id="another"),
    "for another audience": lambda forger: forger.by_pool(aud="another"),
    "of another issuer": lambda forger: forger.by_pool(iss="https://cognito-idp.us-east-1.amazonaws.com/another"),
    "expired": lambda forger: forger.by_pool(exp=int(time.time()) - 1),
    "not valid yet": lambda forger: forger.by_pool(nbf=int(time.time()) + 600),
}
