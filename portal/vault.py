"""Secrets at rest: sealed with AES-256-GCM, bound to the row they belong to, and opened nowhere else.

The associated data is `table|row|column|key id` (so that a sealed value copied to another row does not open
there). A keyring lets keys be changed: the first key seals, every key opens.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.errors import PortalError
from portal.settings import current

NONCE_BYTES = 12


class Unreadable(PortalError):
    """A sealed value does not open: its key is gone, or it was copied or changed."""

    status = 500


@dataclass(frozen=True)
class Place:
    """Where a secret belongs. `row` must be known and lasting, such as a UUID chosen before the row is
    written.
    """

    table: str
    row: str
    column: str

    def bound_to(self, key_id: str) -> bytes:
        """The associated data for this place under the key `key_id`."""
        return f"{self.table}|{self.row}|{self.column}|{key_id}".encode()


@dataclass(frozen=True)
class Keyring:
    """Keys by id; `first` is the one that seals. Never printed."""

    first: str
    keys: Mapping[str, bytes] = field(repr=False)

    def seal(self, secret: str, place: Place) -> str:
        """`key id:hex of nonce and ciphertext`; differs each time."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self.keys[self.first]).encrypt(nonce, secret.encode(), place.bound_to(self.first))
        return f"{self.first}:{(nonce + sealed).hex()}"

    def open(self, sealed: str, place: Place) -> str:
        """The secret; raises Unreadable."""
        key_id, _, body = sealed.partition(":")
        try:
            raw, key = bytes.fromhex(body), AESGCM(self.keys[key_id])
            return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.bound_to(key_id)).decode()
        except (KeyError, ValueError, InvalidTag):
            raise Unreadable(
                f"A stored secret in {place.table} cannot be opened. Is its key “{key_id}” missing from"
                " CREDENTIAL_KEYS?"
            ) from None


def keyring() -> Keyring:
    """The keyring of the running application."""
    ring = current().credential_keys
    return Keyring(ring[0][0], dict(ring))
