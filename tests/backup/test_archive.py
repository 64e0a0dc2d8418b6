"""The file of a backup: what is changed in it, cut off it or opened with another key is noticed, whatever it is."""

import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.backup.archive import ArchiveReader, ArchiveWriter
from app.backup.encryption import CHUNK, HEADER, TAG, SealedReader, SealedWriter
from app.core.errors import DomainError, Forbidden, Malformed

KEY = "una clave larga, con ñ"
NOISE = random.Random(1).randbytes(3 * CHUNK)
MEMBERS = {"tables/a.jsonl": b'["\xc3\xb1"]\n' * 1000, "tables/none.jsonl": b"", "media/noise": NOISE}


def write(path: Path, key: str | None, members: dict[str, bytes] = MEMBERS) -> Path:
    with path.open("wb") as file, ArchiveWriter(file, key) as archive:
        for name, content in members.items():
            with archive.member(name) as add:
                for start in range(0, len(content), 1000):
                    add(content[start : start + 1000])
        archive.finish({"made_at": "2026-11-20"})
    return path


def read(path: Path, key: str | None) -> dict[str, bytes]:
    with ArchiveReader(path, key) as archive:
        archive.verify()
        return {name: b"".join(archive.blocks(name)) for name in archive.members}


@pytest.fixture(params=[None, KEY], ids=["plain", "sealed"])
def key(request: pytest.FixtureRequest) -> str | None:
    found: str | None = request.param
    return found


@pytest.fixture
def archive(tmp_path: Path, key: str | None) -> Path:
    return write(tmp_path / "a.zip", key)


def test_what_was_written_is_read(archive: Path, key: str | None) -> None:
    assert read(archive, key) == MEMBERS
    with ArchiveReader(archive, key) as opened:
        assert opened.manifest["made_at"] == "2026-11-20"
        assert opened.verify() == {
            "tables/a.jsonl": 1000,
            "tables/none.jsonl": 0,
            "media/noise": NOISE.count(b"\n"),
        }
        assert list(opened.lines("tables/a.jsonl")) == [b'["\xc3\xb1"]'] * 1000


def test_any_tool_opens_a_plain_one_and_none_a_sealed_one(archive: Path, key: str | None) -> None:
    if key:
        assert b"manifest" not in archive.read_bytes()
        assert not zipfile.is_zipfile(archive)
    else:
        with zipfile.ZipFile(archive) as opened:
            assert opened.testzip() is None


def changed(content: bytes) -> Iterator[bytes]:
    """One bit turned, everywhere near the ends and here and there between."""
    places = {*range(0, 200, 7), *range(len(content) - 600, len(content)), *range(200, len(content), 9973)}
    for place in sorted(places):
        yield content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


def test_a_changed_byte_is_noticed(archive: Path, key: str | None) -> None:
    tampered = archive.with_name("tampered")
    for content in changed(archive.read_bytes()):
        tampered.write_bytes(content)
        try:
            found = read(tampered, key)
        except DomainError:
            continue
        # A plain ZIP has bytes that say nothing: dates, versions. In a sealed one every byte counts.
        assert key is None
        assert found == MEMBERS


def test_a_cut_archive_is_noticed(archive: Path, key: str | None) -> None:
    content, cut = archive.read_bytes(), archive.with_name("cut")
    ends = [HEADER + number * (CHUNK + TAG) for number in range(4)]
    for end in [*range(0, len(content), 4999), *ends, *(end - TAG for end in ends), len(content) - 1]:
        cut.write_bytes(content[:end])
        with pytest.raises((Malformed, Forbidden)):
            read(cut, key)


def test_chunks_cannot_change_places(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", KEY)
    content = path.read_bytes()
    first, second = (content[HEADER + n * (CHUNK + TAG) :][: CHUNK + TAG] for n in (0, 1))
    path.write_bytes(content[:HEADER] + second + first + content[HEADER + 2 * (CHUNK + TAG) :])
    with pytest.raises(Malformed, match="no es auténtico"):
        read(path, KEY)


def test_whole_chunks_cannot_be_left_out_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "sealed"
    with path.open("wb") as file:
        writer = SealedWriter(file, KEY)
        writer.write(NOISE)
        writer.finish()
    with path.open("rb") as file:
        reader = SealedReader(file, KEY)
        assert reader.read() == NOISE
        assert (reader.seek(-5, 2), reader.read()) == (len(NOISE) - 5, NOISE[-5:])
    path.write_bytes(path.read_bytes()[: HEADER + 2 * (CHUNK + TAG)])
    with path.open("rb") as file, pytest.raises(Malformed, match="no es auténtico"):
        SealedReader(file, KEY)


def test_the_wrong_key_is_not_taken_for_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", KEY)
    with pytest.raises(Forbidden, match="no es la de esta copia"):
        read(path, KEY + ".")
    with pytest.raises(Forbidden, match="falta BACKUP_KEY"):
        read(path, None)


def test_a_manifest_that_lies_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", None)
    for change in (
        lambda text: text.replace(b'"size": 7000', b'"size": 6999'),
        lambda text: text.replace(b'"tables/none.jsonl"', b'"tables/nine.jsonl"'),
        lambda text: text.replace(b'"format": 1', b'"format": 2'),
        lambda text: text.replace(b'"size"', b'"sise"'),
        lambda text: b"[]",
        lambda text: b"{",
    ):
        other = path.with_name("other.zip")
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                target.writestr(name, change(content) if name == "manifest.json" else content)
        with pytest.raises(Malformed):
            read(other, None)


def test_a_member_that_is_not_in_the_manifest_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", None)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("media/more", b"more")
    with pytest.raises(Malformed, match="manifiesto"):
        read(path, None)


def test_sizes_around_a_chunk(tmp_path: Path) -> None:
    for size in (0, 1, CHUNK - 1, CHUNK, CHUNK + 1):
        members = {"media/x": NOISE[:size]}
        assert read(write(tmp_path / "a.zip", KEY, members), KEY) == members


def test_the_same_twice_looks_different_when_sealed(tmp_path: Path) -> None:
    assert write(tmp_path / "a", None).read_bytes() == write(tmp_path / "b", None).read_bytes()
    first, second = write(tmp_path / "a", KEY).read_bytes(), write(tmp_path / "b", KEY).read_bytes()
    assert first[HEADER:][:64] != second[HEADER:][:64]
