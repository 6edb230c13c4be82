"""Whether a dossier is what it says: offline, file by file, each read as a stream."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from domain.anchor import Anchored, SignedAnchor
from domain.dossier import FORM, Manifest, Words, check_anchored, check_chain
from domain.errors import DoesNotFit, Invalid
from domain.values import Value
from dossiers.archive import ANCHOR, FACTS, MANIFEST, SIGNATURE, WORDS, Opened, opened
from dossiers.seal import is_signed

Model = TypeVar("Model", bound=BaseModel)


class Form(BaseModel):
    """All that a newer form is certain to have."""

    form: str


class Checked(Value):
    """What fits, and how far it is vouched for."""

    case_id: str
    entries: int
    files: int
    redaction: str
    anchor: int | None
    """The number of the anchor that has seen the case."""
    anchored: int
    """Up to which entry."""
    key: str
    key_given: bool
    """Whether the key was named by who asked; else the dossier only vouches for itself."""
    anchors: int
    """How many kept anchors were looked at, each following the one before."""


def check(path: Path, *, key: str | None = None, anchors: Path | None = None) -> Checked:
    """Everything about the dossier at ``path``; ``key`` is the public key, ``anchors`` a folder of kept anchors.

    Raises DoesNotFit for the first thing that does not fit, Invalid for a file or folder that cannot be read.
    """
    kept = kept_anchors(anchors) if anchors else {}
    with opened(path) as dossier:
        manifest = _manifest(dossier, key)
        _check_files(dossier, manifest)
        anchored = _anchored(dossier, manifest, key)
        chain = check_chain(manifest, dossier.lines(FACTS), anchored.leaf if anchored else None)
        _check_rules(manifest, chain.labels)
        _check_words(dossier, manifest)
    if anchored and anchors:
        _check_kept(anchored.signed, kept)
    return Checked(
        case_id=manifest.case_id,
        entries=manifest.entries,
        files=len(manifest.files),
        redaction=manifest.redaction.value,
        anchor=anchored.signed.anchor.number if anchored else None,
        anchored=manifest.anchored,
        key=manifest.key,
        key_given=key is not None,
        anchors=len(kept),
    )


def _manifest(dossier: Opened, key: str | None) -> Manifest:
    content = dossier.whole(MANIFEST)
    form = _parsed(Form, content, MANIFEST).form
    if form != FORM:
        raise DoesNotFit("dossier-form-unknown", form=form[:80], known=FORM)
    manifest = _parsed(Manifest, content, MANIFEST)
    if manifest.encoded() != content:
        raise DoesNotFit("dossier-unreadable", name=MANIFEST)
    signature = dossier.whole(SIGNATURE).decode("ascii", "replace").strip()
    if key is not None and key != manifest.key:
        raise DoesNotFit("dossier-other-key", key=manifest.key)
    if not is_signed(content, signature, manifest.key):
        raise DoesNotFit("dossier-signature", name=MANIFEST)
    return manifest


def _check_files(dossier: Opened, manifest: Manifest) -> None:
    listed = {file.name: file for file in manifest.files}
    for name in dossier.sizes:
        if name not in (MANIFEST, SIGNATURE) and name not in listed:
            raise DoesNotFit("dossier-file-unlisted", name=name[:200])
    papers = {f"papers/{paper.name}": paper for paper in manifest.papers if paper.carried}
    for name, file in listed.items():
        if dossier.sizes.get(name) != file.size or dossier.digest(name) != file.sha256:
            if name not in dossier.sizes:
                raise DoesNotFit("dossier-file-missing", name=name)
            raise DoesNotFit("dossier-paper" if name in papers else "dossier-file-altered", name=name)
    for name, paper in papers.items():
        if name not in listed or (listed[name].sha256, listed[name].size) != (paper.sha256, paper.size):
            raise DoesNotFit("dossier-manifest-lies", name=name)


def _anchored(dossier: Opened, manifest: Manifest, key: str | None) -> Anchored | None:
    if not manifest.anchored:
        if ANCHOR in dossier.sizes:
            raise DoesNotFit("dossier-manifest-lies", name=ANCHOR)
        return None
    found = _parsed(Anchored, dossier.whole(ANCHOR), ANCHOR)
    _check_signature(found.signed, key or manifest.key)
    check_anchored(manifest, found)
    return found


def _check_signature(signed: SignedAnchor, key: str) -> None:
    anchor = signed.anchor
    if anchor.key != key or not is_signed(anchor.encoded(), signed.signature, key):
        raise DoesNotFit("dossier-anchor", number=anchor.number, reason="anchor-signature")


def _check_rules(manifest: Manifest, labels: set[tuple[str, str]]) -> None:
    """Every version that the facts name, and no other; those that are carried are there."""
    if {(one.kind, one.label) for one in manifest.rules} != labels:
        raise DoesNotFit("dossier-manifest-lies", name="rules")
    files = {file.name for file in manifest.files}
    for one in manifest.rules:
        if one.carried != (one.file in files):
            raise DoesNotFit("dossier-manifest-lies", name=one.file)


def _check_words(dossier: Opened, manifest: Manifest) -> None:
    if WORDS in dossier.sizes:
        words = _parsed(Words, dossier.whole(WORDS), WORDS)
        if words.hash != manifest.words or words.case_id != manifest.case_id:
            raise DoesNotFit("dossier-file-altered", name=WORDS)


def _check_kept(signed: SignedAnchor, kept: Mapping[int, SignedAnchor]) -> None:
    number = signed.anchor.number
    if number not in kept:
        raise DoesNotFit("dossier-anchor", number=number, reason="anchor-not-kept")
    if kept[number] != signed:
        raise DoesNotFit("dossier-anchor", number=number, reason="anchor-kept-otherwise")


def kept_anchors(folder: Path) -> dict[int, SignedAnchor]:
    """The anchors of a folder by number; each is signed and follows the one before.

    Raises Invalid ``file-unreadable``, and DoesNotFit ``anchors-broken`` for the first that does not follow.
    """
    kept: dict[int, SignedAnchor] = {}
    try:
        files = sorted(folder.glob("anchor-*.json"))
        contents = [file.read_bytes() for file in files]
    except OSError:
        raise Invalid("file-unreadable", file=str(folder)) from None
    if not files:
        raise Invalid("file-unreadable", file=str(folder))
    before: SignedAnchor | None = None
    for file, content in zip(files, contents, strict=True):
        signed = _parsed(SignedAnchor, content, file.name)
        anchor = signed.anchor
        follows = before is None or (anchor.number, anchor.previous) == (before.anchor.number + 1, before.anchor.hash)
        if not follows or not is_signed(anchor.encoded(), signed.signature, anchor.key):
            raise DoesNotFit("anchors-broken", name=file.name)
        kept[anchor.number] = before = signed
    return kept


def _parsed(model: type[Model], content: bytes, name: str) -> Model:
    try:
        return model.model_validate_json(content)
    except (ValidationError, RecursionError):
        raise DoesNotFit("dossier-unreadable", name=name) from None
