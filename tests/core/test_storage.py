"""Files are written whole or not at all, and no path leaves the root."""

import errno
import os
import resource
from pathlib import Path

import pytest

from app.core.storage import FileStorage, StorageError


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage(tmp_path / "media")


def test_saved_file_is_read_back_whole(storage: FileStorage) -> None:
    content = bytes(range(256)) * 100
    storage.save("reports/pdf/reporte_1.pdf", content)
    assert storage.read("reports/pdf/reporte_1.pdf") == content
    assert storage.exists("reports/pdf/reporte_1.pdf")
    assert storage.size("reports/pdf/reporte_1.pdf") == 25_600
    with storage.open("reports/pdf/reporte_1.pdf") as file:
        assert file.read(3) == b"\x00\x01\x02"


def test_saving_again_replaces_the_file(storage: FileStorage) -> None:
    storage.save("a.txt", b"uno y medio")
    storage.save("a.txt", b"dos")
    assert storage.read("a.txt") == b"dos"
    assert os.listdir(storage.root) == ["a.txt"]


def test_list_is_sorted_and_can_be_limited_to_a_folder(storage: FileStorage) -> None:
    for path in ("reports/pdf/b.pdf", "reports/csv/a.csv", "uploads/foto ñandú.png"):
        storage.save(path, b"x")
    assert storage.list() == ["reports/csv/a.csv", "reports/pdf/b.pdf", "uploads/foto ñandú.png"]
    assert storage.list("reports/pdf") == ["reports/pdf/b.pdf"]
    assert storage.list("nothing/here") == []


def test_list_of_a_root_that_does_not_exist_yet_is_empty(storage: FileStorage) -> None:
    assert storage.list() == []


def test_delete_removes_and_a_missing_file_is_fine(storage: FileStorage) -> None:
    storage.save("a.txt", b"x")
    storage.delete("a.txt")
    storage.delete("a.txt")
    assert not storage.exists("a.txt")


def test_missing_files_are_told(storage: FileStorage) -> None:
    assert not storage.exists("none.pdf")
    for ask in (storage.read, storage.size, storage.open):
        with pytest.raises(FileNotFoundError):
            ask("none.pdf")


BAD_PATHS = [
    "", ".", "..", "../a", "a/../b", "a/../../b", "a/..", "/etc/passwd", "//a", "a//b", "a/", "./a", "a/./b",
    "a\x00.pdf", "a\\b", "..\\a", "C:/a", "C:a", "a\nb", "\ud800", ".partial-0123", "a/.partial-x",
]  # fmt: skip


@pytest.mark.parametrize("path", BAD_PATHS)
def test_bad_paths_are_refused_by_every_method(storage: FileStorage, path: str) -> None:
    for ask in (storage.read, storage.open, storage.exists, storage.size, storage.delete):
        with pytest.raises(ValueError, match=r"ruta|nombre"):
            ask(path)
    with pytest.raises(ValueError, match=r"ruta|nombre"):
        storage.save(path, b"x")
    assert not storage.root.exists()


def test_a_link_out_of_the_root_is_not_followed(storage: FileStorage, tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.mkdir()
    (outside / "key.txt").write_text("secret")
    storage.save("a.txt", b"x")
    (storage.root / "folder").symlink_to(outside)
    (storage.root / "file.txt").symlink_to(outside / "key.txt")
    for path in ("folder/key.txt", "file.txt"):
        for ask in (storage.read, storage.exists, storage.size, storage.delete):
            with pytest.raises(ValueError, match="fuera"):
                ask(path)
    with pytest.raises(ValueError, match="fuera"):
        storage.save("folder/new.txt", b"x")
    assert storage.list() == ["a.txt"]
    assert os.listdir(outside) == ["key.txt"]


def test_a_root_that_is_itself_a_link_works(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "media").symlink_to(tmp_path / "volume")
    storage = FileStorage(tmp_path / "media")
    storage.save("a/b.txt", b"x")
    assert storage.list() == ["a/b.txt"]


@pytest.fixture
def file_size_limit():
    """The kernel refuses to let this process's files grow beyond 64 KiB, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("file_size_limit")
def test_a_write_that_fails_half_way_leaves_nothing(storage: FileStorage) -> None:
    with pytest.raises(StorageError, match="no se pudo guardar") as caught:
        storage.save("reports/big.pdf", b"x" * 200_000)
    assert caught.value.errno == errno.EFBIG
    assert isinstance(caught.value, OSError)
    assert os.listdir(storage.root / "reports") == []


@pytest.mark.usefixtures("file_size_limit")
def test_a_write_that_fails_keeps_the_previous_file(storage: FileStorage) -> None:
    storage.save("report.pdf", b"the good one")
    with pytest.raises(StorageError):
        storage.save("report.pdf", b"x" * 200_000)
    assert storage.read("report.pdf") == b"the good one"
    assert os.listdir(storage.root) == ["report.pdf"]


def test_a_path_through_a_file_is_a_storage_error(storage: FileStorage) -> None:
    storage.save("a.txt", b"x")
    with pytest.raises(StorageError):
        storage.save("a.txt/b.txt", b"x")


def test_deleting_a_folder_is_a_storage_error(storage: FileStorage) -> None:
    storage.save("folder/a.txt", b"x")
    with pytest.raises(StorageError, match="no se pudo borrar"):
        storage.delete("folder")
