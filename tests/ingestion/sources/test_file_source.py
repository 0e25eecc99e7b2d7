"""Files as a source: folders, CSV files and ZIP files built here, good and bad."""

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingestion.sources import Offer, SourceError
from ingestion.sources.files import FileSource, ZipLimits

OLD = b"time_period,inpost_fte\n2023,100\n"
NEW = b"\xef\xbb\xbftime_period,inpost_fte\r\n2024,101.5\r\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def write_zip(path: Path, members: Mapping[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def marker(*contents: tuple[str, bytes]) -> bytes:
    files = {name: sha256(content) for name, content in contents}
    return json.dumps({"synthetic": True, "seed": 1, "files": files}).encode()


class TestAFolder:
    def test_every_csv_file_is_offered_the_newest_release_last(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "csww_indicators_2017_to_2024.csv": NEW,
                "zz_headline_2017_to_2023.CSV": OLD,
                "notes.txt": b"not data",
                ".hidden.csv": b"not data",
            },
        )
        assert FileSource(tmp_path).offers() == [
            Offer(name, f"{tmp_path}/{name}#sha256={sha256(content)}", "files", None, False)
            for name, content in [("zz_headline_2017_to_2023.CSV", OLD), ("csww_indicators_2017_to_2024.csv", NEW)]
        ]

    def test_files_one_folder_down_are_offered_and_no_deeper(self, tmp_path: Path) -> None:
        write(tmp_path, {"release/data.csv": NEW, "a/b/deep.csv": OLD, "__MACOSX/data.csv": OLD, ".git/x.csv": OLD})
        assert [offer.file_name for offer in FileSource(tmp_path).offers()] == ["data.csv"]

    def test_a_fetched_file_has_the_very_same_bytes(self, tmp_path: Path) -> None:
        source = FileSource(write(tmp_path / "in", {"data.csv": NEW}))
        path = source.fetch(source.offers()[0], tmp_path / "out")
        assert path == tmp_path / "out" / "data.csv"
        assert path.read_bytes() == NEW
        assert list(path.parent.iterdir()) == [path]

    def test_a_reference_changes_when_the_bytes_do_and_only_then(self, tmp_path: Path) -> None:
        source = FileSource(write(tmp_path, {"data.csv": OLD}))
        first = source.offers()
        os.utime(tmp_path / "data.csv", (0, 0))
        assert source.offers() == first
        write(tmp_path, {"data.csv": NEW})
        assert source.offers()[0].reference != first[0].reference

    def test_two_files_of_one_name_do_not_overwrite_each_other(self, tmp_path: Path) -> None:
        source = FileSource(write(tmp_path / "in", {"2023/data.csv": OLD, "2024/data.csv": NEW}))
        fetched = [source.fetch(offer, tmp_path / "out") for offer in source.offers()]
        assert [path.read_bytes() for path in fetched] == [OLD, NEW]
        assert [path.name for path in fetched] == ["data.csv", "data.csv"]

    def test_fetching_again_gives_the_same_file(self, tmp_path: Path) -> None:
        source = FileSource(write(tmp_path / "in", {"data.csv": NEW}))
        (offer,) = source.offers()
        assert source.fetch(offer, tmp_path / "out") == source.fetch(offer, tmp_path / "out")

    def test_a_file_changed_since_it_was_offered_is_not_taken(self, tmp_path: Path) -> None:
        source = FileSource(write(tmp_path / "in", {"data.csv": OLD}))
        (offer,) = source.offers()
        write(tmp_path / "in", {"data.csv": NEW})
        with pytest.raises(SourceError, match=r"in/data\.csv changed while it was being read"):
            source.fetch(offer, tmp_path / "out")
        assert list((tmp_path / "out").iterdir()) == []

    def test_a_file_gone_since_it_was_offered_is_named(self, tmp_path: Path) -> None:
        source = FileSource(write(tmp_path / "in", {"data.csv": OLD}))
        (offer,) = source.offers()
        (tmp_path / "in" / "data.csv").unlink()
        with pytest.raises(SourceError, match=r"in/data\.csv cannot be used: No such file or directory"):
            source.fetch(offer, tmp_path / "out")

    @pytest.mark.parametrize("place", ["secret.csv", "in/../secret.csv"])
    def test_a_file_outside_the_folder_is_not_fetched(self, tmp_path: Path, place: str) -> None:
        write(tmp_path, {"secret.csv": OLD, "in/data.csv": NEW})
        offer = Offer("secret.csv", f"{tmp_path}/{place}#sha256={sha256(OLD)}", "files", None, False)
        with pytest.raises(SourceError, match="was not offered by"):
            FileSource(tmp_path / "in").fetch(offer, tmp_path / "out")

    def test_an_offered_name_cannot_lead_out_of_the_target_folder(self, tmp_path: Path) -> None:
        source = FileSource(write(tmp_path / "in", {"data.csv": NEW}))
        offer = Offer("../../escaped.csv", source.offers()[0].reference, "files", None, False)
        assert source.fetch(offer, tmp_path / "out") == tmp_path / "out" / "escaped.csv"


class TestASingleFile:
    def test_one_csv_file_is_one_offer(self, tmp_path: Path) -> None:
        write(tmp_path, {"data.csv": NEW, "other.csv": OLD})
        source = FileSource(tmp_path / "data.csv")
        (offer,) = source.offers()
        assert offer.reference == f"{tmp_path}/data.csv#sha256={sha256(NEW)}"
        assert source.fetch(offer, tmp_path / "out").read_bytes() == NEW

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("missing", r"There is nothing at \S+/missing\."),
            ("empty", r"There is no CSV file in \S+/empty\."),
            ("zips", r"There is no CSV file in \S+/zips\. It holds release\.zip: give the ZIP file itself"),
            ("book.xlsx", r"\S+/book\.xlsx is neither a CSV file nor a ZIP file"),
        ],
    )
    def test_what_cannot_be_used_is_said_plainly(self, tmp_path: Path, name: str, message: str) -> None:
        write(tmp_path, {"empty/readme.md": b"", "zips/release.zip": b"", "book.xlsx": b"PK"})
        with pytest.raises(SourceError, match=message):
            FileSource(tmp_path / name).offers()


class TestAZipFile:
    def test_members_are_found_by_their_bare_name_in_any_folder(self, tmp_path: Path) -> None:
        members = {
            "release/data/csww_indicators_2017_to_2024.csv": NEW,
            "csww_headline_2017_to_2023.csv": OLD,
            "release/data-guidance/data-guidance.txt": b"words",
            "__MACOSX/release/._csww_indicators_2017_to_2024.csv": b"\0",
        }
        source = FileSource(write_zip(tmp_path / "release.zip", members))
        old, new = source.offers()
        assert old.file_name == "csww_headline_2017_to_2023.csv"
        assert new == Offer(
            "csww_indicators_2017_to_2024.csv",
            f"{tmp_path}/release.zip/release/data/csww_indicators_2017_to_2024.csv#sha256={sha256(NEW)}",
            "files",
            None,
            False,
        )
        assert source.fetch(new, tmp_path / "out") == tmp_path / "out" / "csww_indicators_2017_to_2024.csv"
        assert (tmp_path / "out" / "csww_indicators_2017_to_2024.csv").read_bytes() == NEW

    def test_folders_written_the_windows_way_are_understood(self, tmp_path: Path) -> None:
        source = FileSource(write_zip(tmp_path / "release.zip", {"data\\csww.csv": NEW}))
        (offer,) = source.offers()
        assert source.fetch(offer, tmp_path / "out") == tmp_path / "out" / "csww.csv"

    def test_a_zip_without_csv_files_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match=r"no CSV file in the ZIP file \S+/release\.zip"):
            FileSource(write_zip(tmp_path / "release.zip", {"guidance.txt": b"words"})).offers()

    @pytest.mark.parametrize("name", ["../out.csv", "data/../../out.csv", "/etc/out.csv", "..\\out.csv", "C:\\out.csv"])
    def test_a_member_that_names_a_place_outside_is_refused(self, tmp_path: Path, name: str) -> None:
        path = write_zip(tmp_path / "release.zip", {"good.csv": NEW, name: OLD})
        with pytest.raises(SourceError, match=r"release\.zip names a place outside itself"):
            FileSource(path).offers()

    def test_a_bomb_is_refused_before_it_is_unpacked(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "bomb.zip", {"data.csv": b"0" * 5_000_000})
        with pytest.raises(
            SourceError, match=r"data\.csv in \S+bomb\.zip would unpack to more than 200 times its size"
        ):
            FileSource(path).offers()

    def test_strong_packing_of_a_small_file_is_no_bomb(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "small.zip", {"data.csv": b"0" * 500_000})
        assert len(FileSource(path).offers()) == 1

    def test_too_large_a_whole_is_refused_though_each_member_would_pass(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "large.zip", {f"{n}.csv": os.urandom(1_000) for n in range(11)})
        assert len(FileSource(path, limits=ZipLimits(unpacked_bytes=11_000)).offers()) == 11
        with pytest.raises(SourceError, match=r"large\.zip would unpack to"):
            FileSource(path, limits=ZipLimits(unpacked_bytes=10_999)).offers()

    def test_too_many_entries_are_refused(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "many.zip", {f"{n}.csv": b"a" for n in range(1_001)})
        with pytest.raises(SourceError, match=r"many\.zip holds 1,001 entries"):
            FileSource(path).offers()

    def test_an_encrypted_member_is_named(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "locked.zip", {"data.csv": NEW})
        content = bytearray(path.read_bytes())
        for signature, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            content[content.index(signature) + flags_at] |= 0x1
        path.write_bytes(content)
        with pytest.raises(SourceError, match=r"data\.csv in \S+locked\.zip is encrypted"):
            FileSource(path).offers()

    @pytest.mark.parametrize("content", [b"", b"<html>Not found</html>", b"PK\x03\x04 and then nothing"])
    def test_what_is_no_zip_is_named(self, tmp_path: Path, content: bytes) -> None:
        write(tmp_path, {"release.zip": content})
        with pytest.raises(SourceError, match=r"release\.zip is not a ZIP file that can be read"):
            FileSource(tmp_path / "release.zip").offers()

    def test_a_damaged_member_is_named(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "release.zip", {"data.csv": NEW}, zipfile.ZIP_STORED)
        path.write_bytes(path.read_bytes().replace(b"101.5", b"901.5"))
        with pytest.raises(SourceError, match=r"data\.csv in \S+release\.zip is damaged"):
            FileSource(path).offers()

    def test_one_name_twice_is_refused(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
            archive.writestr("data.csv", OLD)
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr("data.csv", NEW)
        with pytest.raises(SourceError, match=r"twice\.zip holds data\.csv twice"):
            FileSource(tmp_path / "twice.zip").offers()

    def test_no_damage_whatever_ends_in_anything_but_a_plain_message(self, tmp_path: Path) -> None:
        whole = write_zip(
            tmp_path / "release.zip", {"data/é.csv": NEW, "SYNTHETIC.json": marker(("a", b""))}
        ).read_bytes()
        refused = 0
        for place in range(0, len(whole)):
            damaged = bytearray(whole)
            damaged[place] ^= 0xFF
            path = tmp_path / "damaged.zip"
            path.write_bytes(damaged)
            try:
                source = FileSource(path)
                for offer in source.offers():
                    source.fetch(offer, tmp_path / "out")
            except SourceError:
                refused += 1
        assert refused > len(whole) / 2


class TestSyntheticFiles:
    def test_a_file_is_synthetic_when_the_marker_beside_it_lists_its_hash(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "made.csv": NEW,
                "renamed.csv": OLD,
                "real.csv": b"real",
                "SYNTHETIC.json": marker(("made.csv", NEW), ("x.csv", OLD)),
            },
        )
        found = {offer.file_name: offer.is_synthetic for offer in FileSource(tmp_path).offers()}
        assert found == {"made.csv": True, "renamed.csv": True, "real.csv": False}
        assert FileSource(tmp_path / "made.csv").offers()[0].is_synthetic

    def test_an_edited_sample_file_does_not_pass_for_a_real_one(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(tmp_path, {"made.csv": NEW + b"2024,999\r\n", "SYNTHETIC.json": marker(("made.csv", NEW))})
        assert FileSource(tmp_path).offers()[0].is_synthetic
        assert "made.csv is a sample file that has been edited" in caplog.text

    def test_a_marker_counts_in_its_own_folder_only(self, tmp_path: Path) -> None:
        write(tmp_path, {"sample/made.csv": NEW, "sample/SYNTHETIC.json": marker(("made.csv", NEW)), "made.csv": NEW})
        synthetic = {offer.reference.split("#")[0]: offer.is_synthetic for offer in FileSource(tmp_path).offers()}
        assert synthetic == {f"{tmp_path}/made.csv": False, f"{tmp_path}/sample/made.csv": True}

    def test_a_marker_inside_a_zip_counts_too(self, tmp_path: Path) -> None:
        members = {"data/made.csv": NEW, "data/SYNTHETIC.json": marker(("made.csv", NEW)), "other/real.csv": OLD}
        source = FileSource(write_zip(tmp_path / "sample.zip", members))
        assert {offer.file_name: offer.is_synthetic for offer in source.offers()} == {
            "made.csv": True,
            "real.csv": False,
        }

    def test_everything_from_the_sample_is_synthetic(self, tmp_path: Path) -> None:
        (offer,) = FileSource(write(tmp_path, {"made.csv": NEW}), source="sample").offers()
        assert (offer.source, offer.is_synthetic) == ("sample", True)

    def test_a_marker_that_says_it_is_not_synthetic_marks_nothing(self, tmp_path: Path) -> None:
        text = marker(("real.csv", NEW)).replace(b"true", b"false")
        write(tmp_path, {"real.csv": NEW, "SYNTHETIC.json": text})
        assert not FileSource(tmp_path).offers()[0].is_synthetic

    @pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"synthetic": true}', b'{"files": []}', b"\xff\xfe"])
    def test_a_marker_nobody_can_read_stops_the_load(self, tmp_path: Path, text: bytes) -> None:
        write(tmp_path, {"made.csv": NEW, "SYNTHETIC.json": text})
        with pytest.raises(SourceError, match=r"SYNTHETIC\.json cannot be understood"):
            FileSource(tmp_path).offers()


PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "data" / "ees"


@pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="DfE's published files are not beside the repository (../shared/data/ees)"
)
def test_the_published_files_are_offered_unchanged_from_a_folder_and_from_a_zip(tmp_path: Path) -> None:
    folder = FileSource(PUBLISHED)
    path = write_zip(
        tmp_path / "release.zip", {f"data/{file.name}": file.read_bytes() for file in PUBLISHED.glob("*.csv")}
    )
    hashes = [offer.reference.partition("#")[2] for offer in folder.offers()]
    assert hashes == [offer.reference.partition("#")[2] for offer in FileSource(path).offers()]
    assert [offer.file_name[-8:-4] for offer in folder.offers()] == ["2022", "2022", "2023", "2024", "2024"]
    assert not any(offer.is_synthetic for offer in folder.offers())
