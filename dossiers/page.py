"""The dossier as one HTML file: it loads nothing, runs nothing, and prints on A4."""

from collections.abc import Iterator
from html import escape

from dossiers.sheet import Section, Sheet, Table

STYLE = """
:root { color-scheme: light; --ink: #1c2430; --soft: #5b6675; --line: #d5dae1; --red: #a3231f; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2.5rem 2rem 4rem; color: var(--ink); background: #fff;
  font: 15px/1.6 "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei",
  system-ui, sans-serif; }
header { border-bottom: 3px solid var(--red); padding-bottom: .8rem; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.3; overflow-wrap: anywhere; }
header p { margin: .4rem 0 0; color: var(--soft); }
h2 { margin: 2.2rem 0 .7rem; font-size: 1.15rem; color: var(--red); break-after: avoid; }
dl { display: grid; grid-template-columns: minmax(7rem, 11rem) 1fr; margin: 0; gap: .3rem 1.2rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: .87rem; line-height: 1.5; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 2px solid var(--line); }
th, td { padding: .45rem .6rem .45rem 0; vertical-align: top; overflow-wrap: anywhere; white-space: pre-line; }
td { border-bottom: 1px solid var(--line); }
tr { break-inside: avoid; }
thead { display: table-header-group; }
@page { size: A4; margin: 16mm 14mm; }
@media print { body { padding: 0; max-width: none; font-size: 10pt; } }
@media (max-width: 40rem) { body { padding: 1.2rem 1rem 3rem; } dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; } .wide { overflow-x: auto; } .wide table { min-width: 46rem; } }
"""

NOTHING_LOADED = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

LANGUAGES = {"zh": "zh-CN", "en": "en"}


def page_of(sheet: Sheet) -> str:
    """The whole page."""
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="{LANGUAGES[sheet.language]}">',
            f'<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{NOTHING_LOADED}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(sheet.title)}</title><style>{STYLE}</style></head>",
            f"<body><header><h1>{escape(sheet.title)}</h1><p>{escape(sheet.remark)}</p></header><main>",
            *(part for section in sheet.sections for part in _section(section)),
            "</main></body></html>\n",
        ]
    )


def _section(section: Section) -> Iterator[str]:
    yield f"<section><h2>{escape(section.heading)}</h2>"
    if section.pairs:
        yield "<dl>"
        for name, value in section.pairs:
            yield f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
        yield "</dl>"
    if section.table:
        yield from _table(section.table)
    yield "</section>"


def _table(table: Table) -> Iterator[str]:
    yield '<div class="wide"><table><colgroup>'
    yield "".join(f'<col style="width:{share}%">' for share in table.shares)
    yield "</colgroup><thead><tr>"
    yield "".join(f'<th scope="col">{escape(heading)}</th>' for heading in table.headings)
    yield "</tr></thead><tbody>"
    for row in table.rows:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody></table></div>"
