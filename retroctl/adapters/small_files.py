"""The small files beside the record (straps, machines, remote, configuration, plans) as one archive, and back again.

What comes out of an archive is foreign: only names that this program gives its files are taken, within bounds.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

from retroctl.adapters.files import is_there, read_bounded, refuse_dead_link, shown, shown_text, write_whole
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LARGEST: Final = 1_000_000
"""Of one file; all of ours are a few pages of text."""
MOST: Final = 2000
LARGEST_ARCHIVE: Final = 20_000_000
_NAME: Final = re.compile(r"(straps|remote|config)\.toml|(machines|plans)/[^/\\:\x00-\x1f]{1,150}\.toml")


def gather(data_dir: Path, config_dir: Path) -> list[tuple[str, Path]]:
    """The files that there are, each with its name in an archive. Raises ConfigError for a link that leads nowhere."""
    found = [
        ("straps.toml", data_dir / "straps.toml"),
        ("remote.toml", config_dir / "remote.toml"),
        ("config.toml", config_dir / "config.toml"),
    ]
    for name, folder in (("machines", data_dir / "machines"), ("plans", config_dir / "plans")):
        refuse_dead_link(folder)
        found += [(f"{name}/{path.name}", path) for path in sorted(folder.glob("*.toml"))]
    return [(name, path) for name, path in found[:MOST] if _NAME.fullmatch(name) and is_there(path) and path.is_file()]


def place_of(name: str, data_dir: Path, config_dir: Path) -> Path:
    """Where a file of that name in an archive belongs. Raises ConfigError for a name that is none of ours."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{shown_text(name)} is no file that a backup has")
    return (data_dir if name.startswith(("straps", "machines/")) else config_dir) / name


def pack(files: Iterable[tuple[str, Path]], target: Path, *, force: bool) -> int:
    """Write them into one archive; gives how many. Raises ConfigError."""
    held = io.BytesIO()
    count = 0
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files:
            try:
                archive.writestr(name, read_bounded(path, LARGEST, "a file of retroctl's"))
            except ConfigError as error:
                raise ConfigError(f"{error}; it cannot go into the backup") from None
            count += 1
    write_whole(target, held.getvalue(), force=force)
    return count


def unpack(source: Path) -> dict[str, bytes]:
    """What an archive holds, by name: all of it, looked through. Raises ConfigError."""
    data = read_bounded(source, LARGEST_ARCHIVE, "a backup of small files")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST:
                raise ConfigError(f"{shown(source)}: {len(entries)} files are more than a backup has")
            return {entry.filename: _read(archive, entry, source) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise ConfigError(f"{shown(source)}: is no whole backup of small files ({shown_text(str(error))})") from None


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, source: Path) -> bytes:
    name = shown_text(entry.filename)
    if not _NAME.fullmatch(entry.filename):
        raise ConfigError(f"{shown(source)}: holds {name}, which is no file that a backup has; nothing was put back")
    with archive.open(entry) as opened:
        data = opened.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ConfigError(f"{shown(source)}: {name} is larger than a file of retroctl's can be; nothing was put back")
    return data
