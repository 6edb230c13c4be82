"""``liandong dossier`` and ``liandong ledger anchor`` as processes: a case, its anchor, its dossier, checked alone."""

import re
from pathlib import Path

from cli_process import Cli

CASE = re.compile(r"\b\d{8}-\d{6}\b")


async def opened(hotline: Cli) -> str:
    done = await hotline(
        *("case", "open", "--description", "楼顶违建", "--department", "hk-urban-mgmt"),
        *("--name", "冯秀兰", "--phone", "13976543210"),
    )
    assert done.code == 0, done
    found = CASE.search(done.out)
    assert found is not None
    return found[0]


async def test_from_the_case_to_the_check(hotline: Cli, plain: Cli, tmp_path: Path) -> None:
    case, file, anchors = await opened(hotline), tmp_path / "dossier.zip", tmp_path / "state" / "anchors"
    made = await hotline("ledger", "anchor", "--output", "json")
    assert (made.code, made.data["anchor"]["number"], made.data["anchor"]["cases"]) == (0, 1, 1), made
    assert (tmp_path / "state" / "anchor.key").stat().st_mode & 0o777 == 0o600
    key = (await hotline("ledger", "key")).out.strip()
    assert made.data["anchor"]["key"] == key
    minutes = tmp_path / "会议纪要.txt"
    minutes.write_text("一致同意")
    built = await hotline("dossier", "build", case, "--out", str(file), "--paper", str(minutes))
    assert built.code == 0, built
    assert file.stat().st_mode & 0o777 == 0o600

    # From here on without servers and without the state folder.
    alone = plain.where(LIANDONG_STATE=str(tmp_path / "elsewhere"))
    fits = await alone("dossier", "verify", str(file), "--anchor-key", key, "--anchors", str(anchors))
    assert (fits.code, fits.err) == (0, ""), fits
    data = (await alone("dossier", "verify", str(file), "--output", "json")).data
    assert (data["fits"], data["case_id"], data["anchor"], data["key"]) == (True, case, 1, key)
    assert key in (await alone("dossier", "verify", str(file))).err, "whose key it is must be asked"
    assert not (tmp_path / "elsewhere").exists()

    content = bytearray(file.read_bytes())
    file.write_bytes(content[: len(content) // 2])
    (await alone("dossier", "verify", str(file))).refused(8, "cut off")
    told = await alone("dossier", "verify", str(file), "--output", "json")
    assert (told.code, told.data["code"]) == (8, "dossier-truncated")
    (await alone("--lang", "zh", "dossier", "verify", str(file))).refused(8, "卷宗被截断")


async def test_what_is_asked_wrongly(hotline: Cli, tmp_path: Path) -> None:
    case, file = await opened(hotline), tmp_path / "dossier.zip"
    out = ("--out", str(file))
    (await hotline("dossier", "build", "20000101-000001", *out)).refused(3, "20000101-000001")
    (await hotline("dossier", "build", case, *out, "--redact", "some")).refused(5, "some")
    (await hotline("dossier", "build", case, *out, "--paper", str(tmp_path / "no"))).refused(5, "no")
    (await hotline.where(LIANDONG_FONT="/no/font")("dossier", "build", case, *out)).refused(6, "LIANDONG_FONT")
    (await hotline.where(LIANDONG_ANCHOR_KEY="abc")("dossier", "build", case, *out)).refused(5, "LIANDONG_ANCHOR_KEY")
    (await hotline("dossier", "build", case, "--out", str(tmp_path / "no" / "x.zip"))).refused(5, "x.zip")
    assert not file.exists()
    assert (await hotline("dossier", "build", case, *out, "--no-pdf")).code == 0
    (await hotline("dossier", "build", case, *out, "--no-pdf")).refused(4, "dossier.zip")
    (await hotline("dossier", "verify", str(tmp_path / "no.zip"))).refused(5, "no.zip")
    (await hotline("dossier", "verify", str(file), "--anchor-key", "xyz")).refused(5, "64")
    (await hotline("dossier", "verify", str(file), "--anchor-key", "0" * 64)).refused(8, "another key")
