"""Ed25519 signatures over what is anchored and handed out."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import Invalid


class Seal:
    """The private key. Shows nothing of itself."""

    def __init__(self, secret: str) -> None:
        """``secret``: 32 bytes in hex. Raises Invalid ``anchor-key``."""
        try:
            self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
        except ValueError:
            raise Invalid("anchor-key", variable="LIANDONG_ANCHOR_KEY") from None

    @property
    def public(self) -> str:
        """The public key, in hex."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, content: bytes) -> str:
        """The signature, in hex."""
        return self._key.sign(content).hex()


def is_signed(content: bytes, signature: str, public: str) -> bool:
    """Whether the holder of the key signed exactly this."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True
