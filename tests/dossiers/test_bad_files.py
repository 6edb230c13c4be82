"""Files that are no dossiers, or not what they say: each refused by name and reason."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samples import CASE, OTHER_SEAL, SEAL, Made, anchored_at, made, manifest_of, paper_of

from domain.errors import DoesNotFit, Invalid, LiandongError
from domain.ledger import canonical
from dossiers import archive
from dossiers.archive import ANCHOR, FACTS, MANIFEST, SIGNATURE, WORDS, packed
from dossiers.check import check, kept_anchors
from outbox.anchors import content_of, file_name
from texts.catalogue import Catalogue


def refused(file: Path, code: str, **params: Any) -> LiandongError:
    """Checking the file is refused with this code, and people can read why in both languages."""
    with pytest.raises(LiandongError) as error:
        check(file, key=SEAL.public)
    assert error.value.code == code, error.value
    assert {name: error.value.params.get(name) for name in params} == params
    for language in ("zh", "en"):
        assert "error-" not in Catalogue(language).error(error.value)
    return error.value


def test_a_sound_one_fits(tmp_path: Path) -> None:
    checked = check(made().write(tmp_path / "d.zip"), key=SEAL.public)
    assert (checked.case_id, checked.entries, checked.anchored, checked.key_given) == (CASE, 6, 6, True)


# -- the file --------------------------------------------------------------------------------------------


def test_truncated_anywhere(tmp_path: Path) -> None:
    whole = made().write(tmp_path / "whole.zip").read_bytes()
    cut = tmp_path / "cut.zip"
    for length in range(4, len(whole), max(1, len(whole) // 60)):
        cut.write_bytes(whole[:length])
        refused(cut, "dossier-truncated")


def test_zipped_twice(tmp_path: Path) -> None:
    inner = made().write(tmp_path / "inner.zip").read_bytes()
    (tmp_path / "outer.zip").write_bytes(packed({"inner.zip": inner}))
    refused(tmp_path / "outer.zip", "dossier-zipped-twice")


@pytest.mark.parametrize("content", [b"", b"PK", b"%PDF-1.7", b"not a zip at all", b"PK\5\6" + b"\0" * 18])
def test_no_zip(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    refused(tmp_path / "x.zip", "dossier-no-zip")


def test_another_zip(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(packed({"readme.txt": b"hello"}))
    refused(tmp_path / "x.zip", "dossier-no-manifest")


def test_something_before_it(tmp_path: Path) -> None:
    whole = made().write(tmp_path / "whole.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(b"#!/bin/sh\n" + whole)
    refused(tmp_path / "x.zip", "dossier-no-zip")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = packed({MANIFEST: b" " * (archive.SMALL_AT_MOST + 1)})
    (tmp_path / "x.zip").write_bytes(bomb)
    assert len(bomb) < 20_000
    refused(tmp_path / "x.zip", "dossier-too-large", name=MANIFEST)


def test_more_than_can_be_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = made().write(tmp_path / "d.zip")
    monkeypatch.setattr(archive, "UNPACKED_AT_MOST", 1000)
    refused(file, "dossier-too-large")


def test_an_enormous_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "x.zip").open("wb") as stream:
        stream.truncate(archive.FILE_AT_MOST + 1)  # a hole: takes no room
    refused(tmp_path / "x.zip", "dossier-too-large", name="x.zip")


def test_too_many_files(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(packed({MANIFEST: b"{}"} | {f"{n}": b"" for n in range(archive.FILES_AT_MOST)}))
    refused(tmp_path / "x.zip", "dossier-too-large")


def test_a_size_that_lies(tmp_path: Path) -> None:
    """The zip says that a file is short, and it goes on and on."""
    whole = bytearray(made().write(tmp_path / "d.zip").read_bytes())
    name = FACTS.encode()
    local, central = whole.find(name) - 30, whole.rfind(name) - 46
    for at in (local + 22, central + 24):
        whole[at : at + 4] = (10).to_bytes(4, "little")
    (tmp_path / "x.zip").write_bytes(whole)
    with pytest.raises(DoesNotFit):
        check(tmp_path / "x.zip")


def test_a_line_without_end(tmp_path: Path) -> None:
    sample = made()
    sample.files[FACTS] = b"x" * (archive.LINE_AT_MOST + archive.PIECE + 1)
    refused(sample.write(tmp_path / "d.zip"), "dossier-too-large", name=FACTS)


def test_one_name_twice(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as zipped:
        zipped.writestr(MANIFEST, b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            zipped.writestr(MANIFEST, b"2")
    (tmp_path / "x.zip").write_bytes(held.getvalue())
    refused(tmp_path / "x.zip", "dossier-damaged", name=MANIFEST)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="file-unreadable"):
        check(tmp_path / "nothing.zip")


# -- the manifest ----------------------------------------------------------------------------------------


def rewrite(name: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    def edit(files: dict[str, bytes]) -> None:
        files[name] = content

    return edit


def drop(name: str) -> Callable[[dict[str, bytes]], None]:
    return lambda files: files.__delitem__(name)


@pytest.mark.parametrize("form", ["liandong.dossier/2", "", "x" * 500])
def test_an_unknown_form(tmp_path: Path, form: str) -> None:
    content = canonical({"form": form, "new": True}).encode()
    refused(made().write(tmp_path / "d.zip", rewrite(MANIFEST, content)), "dossier-form-unknown", form=form[:80])


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 10_000, b"\xff", b'{"form":"liandong.dossier/1"}'])
def test_a_manifest_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    refused(made().write(tmp_path / "d.zip", rewrite(MANIFEST, content)), "dossier-unreadable", name=MANIFEST)


def test_a_manifest_that_was_changed_after_signing(tmp_path: Path) -> None:
    sample = made()
    changed = manifest_of(sample.files, sample.lines, redaction="none").encoded()
    refused(sample.write(tmp_path / "d.zip", rewrite(MANIFEST, changed)), "dossier-signature", name=MANIFEST)


@pytest.mark.parametrize("signature", [b"", b"00" * 64, b"zz", b"\xff" * 64])
def test_a_wrong_signature(tmp_path: Path, signature: bytes) -> None:
    refused(made().write(tmp_path / "d.zip", rewrite(SIGNATURE, signature)), "dossier-signature")


def test_a_stranger_who_signs_it_anew(tmp_path: Path) -> None:
    sample = made()
    file = Made(sample.lines, sample.files, OTHER_SEAL).write(tmp_path / "d.zip")
    refused(file, "dossier-other-key", key=OTHER_SEAL.public)


@pytest.mark.parametrize("name", [FACTS, ANCHOR, WORDS, "papers/minutes.txt"])
def test_a_file_that_is_missing(tmp_path: Path, name: str) -> None:
    refused(made().write(tmp_path / "d.zip", drop(name)), "dossier-file-missing", name=name)


def test_a_file_that_nobody_listed(tmp_path: Path) -> None:
    refused(made().write(tmp_path / "d.zip", rewrite("extra.exe", b"MZ")), "dossier-file-unlisted", name="extra.exe")


def test_a_paper_that_was_changed(tmp_path: Path) -> None:
    name = "papers/minutes.txt"
    refused(made().write(tmp_path / "d.zip", rewrite(name, b"other minutes, same")), "dossier-paper", name=name)


@pytest.mark.parametrize("name", [FACTS, ANCHOR, WORDS])
def test_a_file_that_was_changed(tmp_path: Path, name: str) -> None:
    refused(made().write(tmp_path / "d.zip", rewrite(name, b"{}")), "dossier-file-altered", name=name)


@pytest.mark.parametrize(
    ("lie", "name"),
    [
        ({"papers": (paper_of(b"another paper"),)}, "papers/minutes.txt"),
        ({"anchored": 0}, ANCHOR),
        ({"rules": ({"kind": "policy", "label": "haikou@1", "carried": False},)}, "rules"),
    ],
)
def test_a_signed_manifest_that_lies(tmp_path: Path, lie: dict[str, Any], name: str) -> None:
    refused(made().write(tmp_path / "d.zip", **lie), "dossier-manifest-lies", name=name)


@pytest.mark.parametrize(
    ("lie", "seq", "reason"),
    [
        ({"entries": 7}, 7, "entry-tail"),
        ({"entries": 5}, 6, "entry-head"),
        ({"head": "0" * 64}, 6, "entry-head"),
    ],
)
def test_a_signed_manifest_that_names_another_end(tmp_path: Path, lie: dict[str, Any], seq: int, reason: str) -> None:
    refused(made().write(tmp_path / "d.zip", **lie), "dossier-entry", seq=seq, reason=reason)


# -- the anchor ------------------------------------------------------------------------------------------


def with_anchor(change: Callable[[dict[str, Any]], None]) -> Made:
    sample = made()
    content = json.loads(sample.files[ANCHOR])
    change(content)
    sample.files[ANCHOR] = canonical(content).encode()
    return sample


def test_an_anchor_with_a_wrong_signature(tmp_path: Path) -> None:
    sample = with_anchor(lambda content: content["signed"].update(signature="00" * 64))
    refused(sample.write(tmp_path / "d.zip"), "dossier-anchor", number=1, reason="anchor-signature")


def test_an_anchor_by_a_stranger(tmp_path: Path) -> None:
    sample = made()
    sample.files[ANCHOR] = canonical(anchored_at(sample.lines, OTHER_SEAL).model_dump(mode="json")).encode()
    refused(sample.write(tmp_path / "d.zip"), "dossier-anchor", reason="anchor-signature")


@pytest.mark.parametrize(
    "proof", [{"index": 1, "size": 2, "beside": ["0" * 64]}, {"index": 0, "size": 1, "beside": ["0" * 64]}]
)
def test_a_proof_that_does_not_fit(tmp_path: Path, proof: dict[str, Any]) -> None:
    sample = with_anchor(lambda content: content.update(proof=proof))
    refused(sample.write(tmp_path / "d.zip"), "dossier-anchor", reason="anchor-proof")


@pytest.mark.parametrize("change", [{"case_id": "case-2"}, {"seq": 5}, {"words": "0" * 64}])
def test_the_proof_of_something_else(tmp_path: Path, change: dict[str, Any]) -> None:
    sample = with_anchor(lambda content: content["leaf"].update(change))
    refused(sample.write(tmp_path / "d.zip"), "dossier-anchor", reason="anchor-another-case")


def keep(folder: Path, number: int, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / file_name(number)).write_bytes(content)


def test_the_kept_anchors_must_have_it(tmp_path: Path) -> None:
    sample, folder = made(), tmp_path / "anchors"
    file = sample.write(tmp_path / "d.zip")
    keep(folder, 1, content_of(anchored_at(sample.lines).signed))
    assert check(file, anchors=folder).anchors == 1
    keep(folder, 1, content_of(anchored_at(sample.lines[:3]).signed))
    with pytest.raises(DoesNotFit) as error:
        check(file, anchors=folder)
    assert error.value.params == {"number": 1, "reason": "anchor-kept-otherwise"}


def test_a_kept_anchor_that_was_changed(tmp_path: Path) -> None:
    content = content_of(anchored_at(made().lines).signed)
    keep(tmp_path / "anchors", 1, content.replace(b'"cases":1', b'"cases":2'))
    with pytest.raises(DoesNotFit, match="anchors-broken"):
        kept_anchors(tmp_path / "anchors")


def test_no_kept_anchors(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="file-unreadable"):
        kept_anchors(tmp_path)
