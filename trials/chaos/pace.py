"""The demo's policy with a longer day: every limit a multiple of it, so that a slow machine can keep them too."""

import re
from importlib.resources import files
from pathlib import Path


def stretched(day: int, folder: Path) -> str:
    """A policy file whose working day lasts ``day`` seconds, and whose limits in seconds are as many times longer."""
    text = (files("policies") / "demo.toml").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^value = (\d+)\nunit = \"clock_seconds\"$", lambda found: _times(day, found[1]), text)
    text = text.replace("working_day_seconds = 1\n", f"working_day_seconds = {day}\n")
    file = folder / "chaos.toml"
    file.write_text(text.replace('policy_id = "demo"', 'policy_id = "chaos"'), encoding="utf-8")
    return str(file)


def _times(day: int, value: str) -> str:
    return f'value = {int(value) * day}\nunit = "clock_seconds"'
