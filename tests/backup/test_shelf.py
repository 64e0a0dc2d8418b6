"""The folder of backups: which of them stay, one at a time, and what a killed one leaves."""

import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.backup.shelf import Kept, Shelf, disk_errors, expired
from app.core.errors import Conflict, NotFound, Unavailable

# A Friday.
NOW = datetime(2026, 11, 20, 3, 0, 0, tzinfo=UTC)


def nightly(days: int) -> list[Kept]:
    """One backup each night and one at noon."""
    return [
        Kept(NOW - timedelta(days=day, hours=hours), Path(f"{day}-{hours}"))
        for day in range(days)
        for hours in (0, 15)
    ]


@pytest.mark.parametrize(
    ("daily", "weekly", "stay"),
    [
        (1, 0, ["0-0"]),
        (3, 0, ["0-0", "0-15", "1-15"]),
        (1, 3, ["0-0", "4-15", "11-15"]),
        (7, 2, ["0-0", "0-15", "1-15", "2-15", "3-15", "4-15", "5-15"]),
        (99, 0, ["0-0", *(f"{day}-15" for day in range(30))]),
    ],
)
def test_the_newest_of_each_day_and_week_stays(daily: int, weekly: int, stay: list[str]) -> None:
    backups = nightly(30)
    gone = {kept.path.name for kept in expired(reversed(backups), daily, weekly)}
    assert sorted(kept.path.name for kept in backups if kept.path.name not in gone) == sorted(stay)


def test_a_machine_that_was_off_keeps_its_backups() -> None:
    old = [Kept(NOW - timedelta(days=400 + 30 * n), Path(str(n))) for n in range(5)]
    assert expired(old, 7, 4) == []
    assert expired([], 7, 4) == []


def kept_at(shelf: Shelf, moment: datetime, *, sealed: bool = False) -> Path:
    with shelf.alone():
        with shelf.partial() as (partial, file):
            file.write(b"content")
        return shelf.keep(partial, moment, sealed=sealed)


def test_names_are_moments_and_never_taken_twice(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "new" / "folder")
    names = [kept_at(shelf, NOW, sealed=sealed).name for sealed in (False, True, False)]
    assert names == [
        "backfinca-20261120T030000Z.zip",
        "backfinca-20261120T030001Z.zip.enc",
        "backfinca-20261120T030002Z.zip",
    ]
    assert [kept.path.name for kept in shelf.backups()] == names[::-1]
    assert shelf.backups()[0].path.stat().st_mode & 0o777 == 0o600
    assert shelf.folder.stat().st_mode & 0o777 == 0o700


def test_pruning_leaves_what_is_not_a_backup(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for days in range(5):
        kept_at(shelf, NOW - timedelta(days=days))
    strangers = ["notes.txt", "backfinca-20200101T000000Z.zip.bak", "backfinca-20209901T000000Z.zip"]
    for name in strangers:
        (tmp_path / name).touch()
    assert [path.name for path in shelf.prune(2, 0)] == [
        f"backfinca-202611{day}T030000Z.zip" for day in (18, 17, 16)
    ]
    assert {path.name for path in tmp_path.iterdir()} >= set(strangers)
    assert len(shelf.backups()) == 2


def test_one_at_a_time_and_a_killed_one_is_cleared_away(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    (tmp_path / ".partial-abc").touch()
    with shelf.alone():
        assert not (tmp_path / ".partial-abc").exists()
        with pytest.raises(Conflict, match="Ya se está haciendo"), Shelf(tmp_path).alone():
            pass
    with shelf.alone():
        pass


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError), Shelf(tmp_path).partial() as (_, file):
        file.writelines([b"x" * 100, None])  # type: ignore[list-item]
    assert list(tmp_path.iterdir()) == []


def test_the_newest_is_found_or_the_one_that_is_named(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with pytest.raises(NotFound, match="No hay copias"):
        shelf.find(None)
    old, new = kept_at(shelf, NOW), kept_at(shelf, NOW + timedelta(days=1))
    assert shelf.find(None) == new
    assert shelf.find(old.name) == shelf.find(str(old)) == old
    with pytest.raises(NotFound, match="otra"):
        shelf.find("otra")


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "No hay espacio"), (errno.EDQUOT, "No hay espacio"), (errno.EACCES, "No se pudo")],
)
def test_what_the_disk_says_is_said_in_words(tmp_path: Path, number: int, said: str) -> None:
    with pytest.raises(Unavailable, match=said), disk_errors(tmp_path):
        raise OSError(number, "what the system says")
