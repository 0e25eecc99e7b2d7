"""The encrypted originals: they come back as they were, and nobody reads them on the way."""

import hashlib
import io
import secrets
import stat
from pathlib import Path

import pytest

from ingestion.returns import store as store_module
from ingestion.returns.files import ReturnFile
from ingestion.returns.privacy import Pseudonymiser
from ingestion.returns.store import Original, Store, StoreError
from ingestion.settings import Settings


def store(folder: Path, key: str) -> Store:
    return Store(folder, Pseudonymiser.from_settings(Settings({"PSEUDONYM_KEY": key})))


def original(name: str, content: bytes) -> Original:
    return Original(name, len(content), hashlib.sha256(content).hexdigest(), lambda: io.BytesIO(content))


@pytest.fixture
def key() -> str:
    return secrets.token_urlsafe(32)


def test_files_come_back_with_their_names_and_bytes(tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_PIECE", 10)
    files = {"a\u202e.csv": b"number\nSY00000001\n", "empty.csv": b"", "\udcffb.csv": b"1234567890" * 5}
    store(tmp_path, key).keep("c/a/p/1", [original(name, content) for name, content in files.items()])
    assert store(tmp_path, key).open("c/a/p/1", 1000) == [ReturnFile(*each) for each in files.items()]


def test_a_kept_file_is_for_its_owner_alone_and_cannot_be_read(tmp_path: Path, key: str) -> None:
    store(tmp_path, key).keep("c/a/p/1", [original("SY00000001.csv", b"number\nSY00000001\n" * 9)])
    (package,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert stat.S_IMODE(package.stat().st_mode) == 0o600
    assert b"SY0000" not in package.read_bytes()


def test_of_a_huge_file_only_the_beginning_is_taken_into_memory(
    tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_PIECE", 10)
    store(tmp_path, key).keep("1", [original("huge", b"x" * 95), original("next", b"y" * 3)])
    huge, following = store(tmp_path, key).open("1", 20)
    assert huge.content == b"x" * 21, "one byte more than allowed tells that it is too large"
    assert following.content == b"yyy"


def test_a_file_that_changes_while_it_is_read_is_not_kept(tmp_path: Path, key: str) -> None:
    changed = Original("a", 3, hashlib.sha256(b"old").hexdigest(), lambda: io.BytesIO(b"new"))
    with pytest.raises(StoreError, match="changed"):
        store(tmp_path, key).keep("1", [changed])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_cannot_be_opened_says_why(tmp_path: Path, key: str) -> None:
    with pytest.raises(StoreError, match="is not there"):
        store(tmp_path, key).open("1", 1000)
    store(tmp_path, key).keep("1", [original("a", b"content")])
    with pytest.raises(StoreError, match="PSEUDONYM_KEY"):
        store(tmp_path, secrets.token_urlsafe(32)).open("1", 1000)
    (package,) = (path for path in tmp_path.rglob("*") if path.is_file())
    whole = package.read_bytes()
    for damaged in (whole[:-5], whole[: whole.index(b"WFR1") + 4], b"", b"something else"):
        package.write_bytes(damaged)
        with pytest.raises(StoreError):
            store(tmp_path, key).open("1", 1000)
    # A package of one submission is none of another's.
    package.write_bytes(whole)
    package.rename(package.with_name("2.sealed"))
    with pytest.raises(StoreError):
        store(tmp_path, key).open("2", 1000)
