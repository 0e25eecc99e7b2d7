"""Nobody can be told from what is stored: pseudonyms, age bands, encrypted originals, and no work without a key."""

import base64
import hashlib
import hmac
import secrets
from datetime import date

import pandas as pd
import pytest

from ingestion.returns.privacy import DecryptionError, Pseudonymiser, age_bands
from ingestion.settings import Settings, SettingsError

KEY = bytes(range(7, 7 + 40))


def keys(key: bytes = KEY) -> Pseudonymiser:
    return Pseudonymiser.from_settings(Settings({"PSEUDONYM_KEY": base64.urlsafe_b64encode(key).decode()}))


def test_a_pseudonym_is_the_keyed_hash_of_the_number_without_blanks_in_upper_case() -> None:
    expected = hmac.new(KEY, b"SY12345", hashlib.sha256).hexdigest()
    assert [keys().pseudonym(text) for text in ("SY12345", "sy12345", " sy 123\t45 ")] == [expected] * 3


def test_another_key_gives_other_pseudonyms_and_another_key_id() -> None:
    other = keys(bytes(range(8, 8 + 40)))
    assert other.pseudonym("SY12345") != keys().pseudonym("SY12345")
    assert other.key_id != keys().key_id
    assert keys().key_id == keys().key_id


def test_where_no_number_is_written_there_is_no_pseudonym() -> None:
    numbers = pd.Series(["SY1", None, "SY1"], dtype="str")
    first, missing, again = keys().pseudonyms(numbers)
    assert first == again == keys().pseudonym("SY1")
    assert pd.isna(missing)


@pytest.mark.parametrize(
    ("birth", "band"),
    [
        ("2004-10-01", "under 20"),  # turns 20 the day after
        ("2004-09-30", "20 to 29"),  # turns 20 on the day
        ("1994-10-01", "20 to 29"),
        ("1994-09-30", "30 to 39"),
        ("1984-02-29", "40 to 49"),
        ("1974-10-01", "40 to 49"),
        ("1974-09-30", "50 to 59"),
        ("1964-09-30", "60 and over"),
        ("1901-01-01", "60 and over"),
        ("2024-10-01", None),  # not yet born
        (None, None),
    ],
)
def test_ages_are_bands_of_completed_years_on_the_last_day_of_the_period(birth: str | None, band: str | None) -> None:
    (found,) = age_bands(pd.Series([birth], dtype="datetime64[ns]"), date(2024, 9, 30))
    assert (None if pd.isna(found) else found) == band


def test_what_is_encrypted_comes_back_only_with_the_key_and_as_what_it_was() -> None:
    sealed = keys().encrypt(b"SY12345", "one place")
    assert b"SY12345" not in sealed
    assert keys().decrypt(sealed, "one place") == b"SY12345"
    for wrong in (
        lambda: keys(bytes(range(8, 48))).decrypt(sealed, "one place"),
        lambda: keys().decrypt(sealed, "another place"),
        lambda: keys().decrypt(sealed[:-1], "one place"),
        lambda: keys().decrypt(b"", "one place"),
    ):
        with pytest.raises(DecryptionError):
            wrong()


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (None, "PSEUDONYM_KEY is not set"),
        ("", "has 0 bytes"),
        (secrets.token_urlsafe(16), "has 16 bytes"),
        ("not base 64!", "not in URL-safe base 64"),
        (base64.urlsafe_b64encode(bytes(32)).decode(), "not made at random"),
        (base64.urlsafe_b64encode(b"change-me-please" * 4).decode(), "not made at random"),
        (base64.urlsafe_b64encode(b"The quick brown fox jumps over the lazy dog").decode(), "not made at random"),
    ],
)
def test_without_a_strong_key_nothing_starts(key: str | None, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason) as raised:
        Pseudonymiser.from_settings(Settings({} if key is None else {"PSEUDONYM_KEY": key}))
    assert not key or key not in str(raised.value)


def test_the_key_does_not_show_when_the_object_is_printed() -> None:
    shown = repr(keys())
    assert keys().key_id in shown
    assert repr(KEY) not in shown and base64.b64encode(KEY).decode() not in shown
