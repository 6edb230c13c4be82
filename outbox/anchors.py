"""The day's anchor: made, signed, and put where the database cannot reach it.

Stored first, then written to the folder and posted: whatever a crash leaves out is made up for by the next one. Files
are never written over. A folder that knows more anchors than the database, or others, is a finding and stops it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx

from domain.anchor import Anchor, SignedAnchor
from domain.errors import DoesNotFit, Unavailable
from domain.ledger import canonical
from dossiers.seal import Seal
from storage import anchors
from storage.database import Pool, reaching_database


@dataclass(frozen=True)
class Anchoring:
    """Where anchors go, and what they are signed with."""

    seal: Seal = field(repr=False)
    folder: Path
    url: str | None = None


def file_name(number: int) -> str:
    """``anchor-000001.json``: in the order of their names."""
    return f"anchor-{number:06d}.json"


def content_of(signed: SignedAnchor) -> bytes:
    """What is written to the folder and posted."""
    return f"{canonical(signed.model_dump(mode='json'))}\n".encode()


async def make_anchor(pool: Pool, anchoring: Anchoring, now: datetime) -> SignedAnchor:
    """Anchor all cases. Raises DoesNotFit ``anchors-ahead`` where the folder has a later one already."""

    def sign(anchor: Anchor) -> SignedAnchor:
        return SignedAnchor(anchor=anchor, signature=anchoring.seal.sign(anchor.encoded()))

    def allow(number: int) -> None:
        if (anchoring.folder / file_name(number)).exists():
            raise DoesNotFit("anchors-ahead", number=number, folder=str(anchoring.folder))

    with reaching_database():
        return await anchors.make(pool, now, anchoring.seal.public, sign, allow)


async def publish_anchors(pool: Pool, anchoring: Anchoring) -> int:
    """Write every anchor to the folder that it lacks, and post it; how many there were.

    Raises DoesNotFit ``anchor-differs`` where the folder has another one under the same number, Unavailable where the
    folder or the other server takes nothing.
    """
    written = 0
    with reaching_database():
        async for signed in anchors.since(pool, 0):
            written += await _publish(signed, anchoring)
    return written


async def _publish(signed: SignedAnchor, anchoring: Anchoring) -> bool:
    file, content = anchoring.folder / file_name(signed.anchor.number), content_of(signed)
    try:
        if file.exists():
            if file.read_bytes() != content:
                raise DoesNotFit("anchor-differs", number=signed.anchor.number, file=str(file))
            return False
        anchoring.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        if anchoring.url:  # first: the file says that all is done
            await _post(anchoring.url, content)
        with file.open("xb") as stream:
            stream.write(content)
        file.chmod(0o444)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unavailable("anchor-not-written", file=str(file), reason=reason) from error
    return True


async def _post(url: str, content: bytes) -> None:
    headers: Mapping[str, str] = {"Content-Type": "application/json"}
    try:
        async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
            answer = await http.post(url, content=content, headers=headers)
            answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable("anchor-not-posted", reason=type(error).__name__) from error
