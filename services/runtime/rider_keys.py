"""Keys of riders: each rider's data is encrypted under a key of its own, kept under a master key.

Who destroys a rider's key makes everything unreadable that was encrypted under it, wherever copies
of it are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from services.domain.contact import Contact
from services.domain.errors import NavetteError
from services.domain.ids import RideId, RiderId, ZoneId
from services.runtime.settings import InvalidSetting

KEY_BYTES = 32
NONCE_BYTES = 12


class CannotOpen(NavetteError):
    """Something encrypted that does not open: another master key, or damaged."""


class WrappedKey(NamedTuple):
    """A rider's key, encrypted, and the name of the master key under which it is."""

    master: str
    data: bytes


@dataclass(frozen=True, slots=True)
class RiderKey:
    """A rider's key, ready to use; never kept like this."""

    rider: RiderId
    _aes: AESGCM

    def seal(self, ride_id: RideId, contact: Contact) -> bytes:
        """Encrypt what a rider gave for a ride; it opens for no other rider and ride."""
        return _encrypt(self._aes, json.dumps(asdict(contact)).encode(), self._about(ride_id))

    def open(self, ride_id: RideId, sealed: bytes) -> Contact:
        """Decrypt it.

        Raises
        ------
        CannotOpen
            If it is not as it was written, or is another ride's.
        """
        return Contact(**json.loads(_decrypt(self._aes, sealed, self._about(ride_id))))

    def _about(self, ride_id: RideId) -> bytes:
        return f"{self.rider}/{ride_id}".encode()


class _Master:
    """A master key, and what is derived from it."""

    def __init__(self, key: bytes) -> None:
        self.name = _derived(key, b"name").hex()[:8]
        self._wrapping = AESGCM(_derived(key, b"wrapping"))
        self._lookup = _derived(key, b"lookup")

    def wrap(self, rider: RiderId, key: bytes) -> WrappedKey:
        return WrappedKey(self.name, _encrypt(self._wrapping, key, rider.encode()))

    def unwrap(self, rider: RiderId, wrapped: bytes) -> bytes:
        return _decrypt(self._wrapping, wrapped, rider.encode())

    def lookup(self, zone: ZoneId, phone: str) -> bytes:
        return hmac.digest(self._lookup, f"{zone}\0{phone}".encode(), hashlib.sha256)


class MasterKeys:
    """The keys above all riders' keys: the first encrypts, all decrypt.

    Parameters
    ----------
    keys
        At least one, of 32 bytes each.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        assert keys, "at least one encrypts"
        assert all(len(key) == KEY_BYTES for key in keys)
        masters = [_Master(key) for key in keys]
        self._first = masters[0]
        self._by_name = {master.name: master for master in masters}

    @classmethod
    def of(cls, setting: SecretStr | None) -> MasterKeys | None:
        """Read the setting; none if there is none.

        Raises
        ------
        InvalidSetting
            If one of them is no key.
        """
        words = (setting.get_secret_value() if setting else "").split(",")
        texts = [word.strip() for word in words if word.strip()]
        return cls([_key(text) for text in texts]) if texts else None

    @classmethod
    def fresh(cls) -> MasterKeys:
        """Make one that nobody knows: what it encrypts ends with the process."""
        return cls([secrets.token_bytes(KEY_BYTES)])

    @property
    def name(self) -> str:
        """Name of the key that encrypts; it tells nothing about it."""
        return self._first.name

    def lookups(self, zone: ZoneId, phone: str) -> tuple[bytes, ...]:
        """Return by what a rider with a phone is found again: of the first key, then of others.

        Without a master key nobody can tell a phone from it, nor try all phones there are.
        """
        return tuple(master.lookup(zone, phone) for master in self._by_name.values())

    def new_key(self, rider: RiderId) -> WrappedKey:
        """Make a key for a rider."""
        return self._first.wrap(rider, secrets.token_bytes(KEY_BYTES))

    def unwrap(self, rider: RiderId, wrapped: WrappedKey) -> RiderKey:
        """Return a rider's key, ready to use.

        Raises
        ------
        CannotOpen
            If none of the master keys opens it.
        """
        return RiderKey(rider, AESGCM(self._master(wrapped).unwrap(rider, wrapped.data)))

    def rewrap(self, rider: RiderId, wrapped: WrappedKey) -> WrappedKey:
        """Return the same rider's key under the first master key.

        Raises
        ------
        CannotOpen
            If none of the master keys opens it.
        """
        return self._first.wrap(rider, self._master(wrapped).unwrap(rider, wrapped.data))

    def _master(self, wrapped: WrappedKey) -> _Master:
        master = self._by_name.get(wrapped.master)
        if master is None:
            raise CannotOpen(
                f"a rider's key is under the master key {wrapped.master}, which NAVETTE_RIDERS_KEY "
                "does not have"
            )
        return master


def new_master_key() -> str:
    """Make a master key, as the setting takes it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        # It is not quoted: that would show a part of the key.
        raise InvalidSetting(
            "riders_key", "not 32 bytes in URL-safe base64; `navette riders new-key` makes one"
        )
    return key


def _derived(key: bytes, use: bytes) -> bytes:
    """One key for one use each (RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"navette riders " + use).derive(key)


def _encrypt(aes: AESGCM, plain: bytes, about: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + aes.encrypt(nonce, plain, about)


def _decrypt(aes: AESGCM, sealed: bytes, about: bytes) -> bytes:
    try:
        return aes.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
    except (InvalidTag, ValueError):
        raise CannotOpen("a rider's data does not open: it was changed, or moved") from None
