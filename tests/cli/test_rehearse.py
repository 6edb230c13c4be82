"""Trying a policy out from the command line: fitted people, the report, the same again by seed, broken off."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

from cli_process import ROOT, Cli

from cli.console import INTERRUPTED

SAMPLE = str(ROOT / "reference" / "sample-cases.csv")
CASES = ("--cases", SAMPLE, "--mapping", "sample")
REHEARSE = ("policy", "rehearse", "--policy", "haikou", *CASES)


def told(rehearsal: dict[str, Any]) -> dict[str, Any]:
    """A rehearsal without what the machine has to do with."""
    return {key: value for key, value in rehearsal.items() if key not in {"timing", "made_at"}}


async def test_a_rehearsal_is_the_same_by_seed_and_has_a_report_of_its_own(plain: Cli, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    beside = (*REHEARSE, "--against", "beijing-style", "--limit", "6", "--output", "json")
    first, again, other = [
        await plain(*beside, *words)
        for words in (("--seed", "7", "--report", str(report)), ("--seed", "7"), ("--seed", "8"))
    ]
    assert [one.code for one in (first, again, other)] == [0, 0, 0], first.err
    assert told(first.data) == told(again.data)
    assert told(first.data)["sides"] != told(other.data)["sides"]
    assert [side["policy"]["policy_id"] for side in first.data["sides"]] == ["haikou", "beijing-style"]
    assert [side["figures"]["cases"] for side in first.data["sides"]] == [6, 6]
    page = report.read_text(encoding="utf-8")
    assert "haikou" in page
    assert "beijing-style" in page


async def test_a_fitted_profile_is_rehearsed_with(plain: Cli, tmp_path: Path) -> None:
    lines = Path(SAMPLE).read_text(encoding="utf-8-sig").splitlines()
    judged = [
        f"{lines[0]},late,in_time",
        *(f"{line},{n % 3 == 0:d},{n % 3 != 0:d}" for n, line in enumerate(lines[1:])),
    ]
    cases, profile = tmp_path / "judged.csv", tmp_path / "profile.toml"
    cases.write_text("\n".join(judged), encoding="utf-8")
    columns = ("--late", "late", "--in-time", "in_time")
    fitted = await plain("policy", "fit", "--cases", str(cases), "--mapping", "sample", *columns)
    assert fitted.code == 0, fitted.err
    assert f"{len(lines) - 1} verdicts" in fitted.out
    profile.write_text(fitted.out, encoding="utf-8")
    rehearsed = await plain(*REHEARSE, "--limit", "2", "--departments", str(profile), "--output", "json")
    assert rehearsed.code == 0, rehearsed.err
    (await plain("policy", "fit", "--cases", SAMPLE, "--mapping", "sample", "--late", "spät")).refused(5, "spät")


async def test_ctrl_c_leaves_a_partial_report_that_says_so(plain: Cli, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    process = await plain.start(*REHEARSE, "--report", str(report), "--output", "json")
    await asyncio.sleep(8)  # the engine takes some of it to start
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode == INTERRUPTED, err
    found = json.loads(out)
    assert found["partial"] is True
    assert report.is_file()
    assert found["sides"][0]["figures"]["cases"] < found["source"]["picked"]


async def test_what_cannot_be_rehearsed_is_refused_before_anything_starts(plain: Cli, tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text("[departments.hk-nobody]\nsilent = 1.0\n", encoding="utf-8")
    refusals = await plain.all(
        (*REHEARSE, "--departments", str(tmp_path / "nothing.toml")),
        ("policy", "rehearse", "--policy", "nowhere", *CASES),
        ("policy", "rehearse", "--policy", "haikou", "--cases", str(tmp_path / "none.csv")),
        (*REHEARSE, "--departments", str(profile)),
        (*REHEARSE, "--limit", "0"),
    )
    for refused, (code, word) in zip(
        refusals,
        [(3, "nothing.toml"), (3, "nowhere"), (3, "none.csv"), (5, "profile.toml"), (2, "--limit")],
        strict=True,
    ):
        assert refused.code == code, refused
        assert word in refused.err
        assert "Traceback" not in refused.err
