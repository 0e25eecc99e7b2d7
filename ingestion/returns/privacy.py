"""What keeps people unknown: pseudonyms for registration numbers, age bands for birth dates, encryption of originals.

One key stands behind all of it (`PSEUDONYM_KEY`). Without it nothing is taken in: there is no default and no fallback.
Why it is never changed once in use: pseudonyms link a worker's records over the years and between collections.
"""

import base64
import binascii
import hmac
import os
import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingestion.settings import Settings, SettingsError

if TYPE_CHECKING:
    import pandas as pd

AGE_BANDS = ("under 20", "20 to 29", "30 to 39", "40 to 49", "50 to 59", "60 and over")
_FROM_AGES = (20, 30, 40, 50, 60)

_LEAST_BYTES = 32
# 32 random bytes have 30 different values or so; fewer than this were not made at random.
_LEAST_DIFFERENT = 16
_NONCE_BYTES = 12
_BLANKS = re.compile(r"\s+")


class DecryptionError(Exception):
    """The bytes were not encrypted with this key, or are not whole."""


@dataclass(frozen=True)
class Pseudonymiser:
    """Everything that needs the key. `key_id` says which key it is and gives nothing of it away."""

    key_id: str
    _pseudonym_key: bytes = field(repr=False)
    _cipher: AESGCM = field(repr=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Pseudonymiser":
        """Take the key from `PSEUDONYM_KEY`.

        Raises:
            SettingsError: it is not set, too short, or plainly not made at random.
        """
        key = _strong_key(settings.get("PSEUDONYM_KEY"))
        return cls(_derived(key, b"key id", 8).hex(), key, AESGCM(_derived(key, b"originals", 32)))

    def pseudonym(self, number: str) -> str:
        """HMAC-SHA-256, in hexadecimal, of a registration number in upper case and without blanks."""
        return hmac.digest(self._pseudonym_key, _BLANKS.sub("", number).upper().encode(), "sha256").hex()

    def pseudonyms(self, numbers: "pd.Series[str]") -> "pd.Series[str]":
        """The pseudonym of each number; null stays null."""
        known = {number: self.pseudonym(number) for number in numbers.dropna().unique()}
        return numbers.map(known)

    def encrypt(self, content: bytes, about: str) -> bytes:
        """Encrypt with AES-256-GCM; it can only be decrypted as being about the same thing."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, about.encode())

    def decrypt(self, content: bytes, about: str) -> bytes:
        """Undo `encrypt`.

        Raises:
            DecryptionError: another key, another `about`, or bytes changed or missing.
        """
        try:
            return self._cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError):
            raise DecryptionError("It cannot be decrypted with the present PSEUDONYM_KEY, or was damaged.") from None


def age_bands(births: "pd.Series[pd.Timestamp]", reference_date: date) -> "pd.Series[str]":
    """The band of each person's age in completed years on the reference date; null where not known or not yet born."""
    import numpy as np
    import pandas as pd

    parts = births.dt
    had_birthday = parts.month * 100 + parts.day <= reference_date.month * 100 + reference_date.day
    ages = reference_date.year - parts.year - (~had_birthday).astype(int)
    bands = pd.Series(
        np.array(AGE_BANDS, dtype=object)[np.searchsorted(_FROM_AGES, ages.fillna(0), side="right")],
        index=births.index,
        dtype="str",
    )
    return bands.where(ages.notna() & (ages >= 0))


def _strong_key(text: str) -> bytes:
    advice = (
        "Set it to 32 random bytes in URL-safe base 64 "
        "(python3 -c 'import secrets; print(secrets.token_urlsafe(32))'), keep it secret, and never change it."
    )
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SettingsError(f"PSEUDONYM_KEY is not in URL-safe base 64. {advice}") from None
    if len(key) < _LEAST_BYTES:
        raise SettingsError(f"PSEUDONYM_KEY has {len(key)} bytes; it must have at least {_LEAST_BYTES}. {advice}")
    if len(set(key)) < _LEAST_DIFFERENT or all(32 <= byte < 127 for byte in key):
        raise SettingsError(f"PSEUDONYM_KEY was not made at random. {advice}")
    return key


def _derived(key: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt=None, info=b"workforce-warehouse returns: " + purpose).derive(key)
