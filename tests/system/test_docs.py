"""The documents say what the code does."""

from pathlib import Path

from domain.ladder import TRANSITIONS

ROOT = Path(__file__).parents[2]


def test_the_table_of_transitions_in_the_docs_is_the_one_in_the_code() -> None:
    text = (ROOT / "docs" / "ladder.md").read_text(encoding="utf-8")
    written = text.partition("<!-- transitions -->\n")[2].partition("<!-- /transitions -->")[0].splitlines()
    rows = [f"| {rung} | {outcome} | {step} |" for rung in TRANSITIONS for outcome, step in TRANSITIONS[rung].items()]
    assert written[2:] == rows


def test_the_house_in_the_docs_names_every_folder() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "migrations"}
    assert [name for name in sorted(folders) if f"`{name}/`" not in text] == []
