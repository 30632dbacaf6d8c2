"""Every item that fuzzing found, and every seed, through the reader it was found for: nothing undocumented comes out.

`make fuzz` looks for more; what it finds is kept in tests/corpus and is a test from then on.
"""

from __future__ import annotations

import gzip

import pytest
from fuzz_targets import CORPUS, TARGETS, Target, keep, kept

from retroctl.errors import ConfigError

LEAST_ITEMS = 5000
MOST_BYTES = 1_000_000


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_what_is_documented_comes_out(name: str) -> None:
    target = TARGETS[name]
    for data in {*target.seeds, *kept(name)}:
        target.try_out(data)


def test_the_corpus_is_large_in_items_and_small_in_bytes() -> None:
    files = list(CORPUS.glob("*.gz"))
    assert {file.name.removesuffix(".gz") for file in files} <= set(TARGETS), "a corpus that no target reads"
    assert sum(len({*target.seeds, *kept(name)}) for name, target in TARGETS.items()) >= LEAST_ITEMS
    assert sum(file.stat().st_size for file in files) < MOST_BYTES


def test_an_undocumented_exception_and_a_message_of_two_lines_come_out() -> None:
    """The replay can fail."""

    def broken(data: bytes) -> None:
        if data == b"two lines":
            raise ConfigError("one\ntwo")
        data[9]

    with pytest.raises(IndexError):
        Target(broken, (ConfigError,)).try_out(b"short")
    with pytest.raises(AssertionError, match="one line"):
        Target(broken, (ConfigError,)).try_out(b"two lines")


def test_what_is_kept_comes_back(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("fuzz_targets.CORPUS", tmp_path)
    keep("some", {b"", b"\n", bytes(range(256))})
    assert list(kept("some")) == [b"", b"\n", bytes(range(256))]
    assert gzip.decompress((tmp_path / "some.gz").read_bytes()).count(b"\n") == 3
