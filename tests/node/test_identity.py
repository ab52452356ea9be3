"""The key file: of its owner only, complete or refused; and the words behind it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from node.identity import KEY_FILE, Identity, root_of, words_of
from protocol.errors import LocalError


def code_of(home: Path) -> str:
    with pytest.raises(LocalError) as refused:
        Identity.load(home)
    return refused.value.code


def test_what_was_created_is_loaded_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    created, words = Identity.create(home)
    assert Identity.load(home) == created
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert len(words) == 24


def test_the_words_bring_the_same_root_back_with_another_file_key(tmp_path: Path) -> None:
    created, words = Identity.create(tmp_path / "a")
    restored = Identity.from_words(tmp_path / "b", words)
    assert restored.root == created.root
    assert restored.database_key != created.database_key


def test_words_are_read_as_people_type_them(tmp_path: Path) -> None:
    created, words = Identity.create(tmp_path / "a")
    assert root_of([f" {word.upper()} " for word in words]) == created.root
    assert root_of(" ".join(words).split()) == created.root
    assert words_of(created.root) == words


@pytest.mark.parametrize(
    "spoil",
    [
        lambda words: words[:-1],
        lambda words: [*words, "zoo"],
        lambda words: [*words[:-1], "notaword"],
        lambda words: ["abandon"] * 24,
        lambda words: [],
    ],
)
def test_wrong_words_are_refused(spoil: object, tmp_path: Path) -> None:
    _, words = Identity.create(tmp_path / "a")
    with pytest.raises(LocalError) as refused:
        root_of(spoil(words))  # type: ignore[operator]
    assert refused.value.code == "words-invalid"


def test_an_existing_home_is_not_overwritten(tmp_path: Path) -> None:
    created, _ = Identity.create(tmp_path / "a")
    with pytest.raises(LocalError) as refused:
        Identity.create(tmp_path / "a")
    assert refused.value.code == "home-exists"
    assert Identity.load(tmp_path / "a") == created


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError) as refused:
        Identity.create(tmp_path / "file" / "home")
    assert refused.value.code == "home-not-writable"


def test_a_missing_key_file_is_no_identity(tmp_path: Path) -> None:
    assert code_of(tmp_path) == "no-identity"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    Identity.create(tmp_path / "a")
    (tmp_path / "a" / KEY_FILE).chmod(mode)
    assert code_of(tmp_path / "a") == "key-file-open-to-others"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b'"text"',
        b"\xff\xfe",
        b'{"format": 1, "root": "00", "database_key": "00"}',
        b'{"format": 1, "root": "zz", "database_key": "zz"}',
        b'{"format": 1, "root": 7, "database_key": 7}',
    ],
)
def test_a_damaged_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    Identity.create(tmp_path / "a")
    path = tmp_path / "a" / KEY_FILE
    path.write_bytes(content)
    assert code_of(tmp_path / "a") == "key-file-damaged"


def test_a_key_file_of_another_format_is_refused(tmp_path: Path) -> None:
    Identity.create(tmp_path / "a")
    path = tmp_path / "a" / KEY_FILE
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "format": 2}))
    assert code_of(tmp_path / "a") == "key-file-damaged"
