"""The dossier as a PDF, with the glyphs that it uses of a Chinese font inside."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from domain.errors import Invalid, Unavailable
from dossiers.sheet import Section, Sheet, Table

USUAL_FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",  # Debian, Ubuntu: fonts-noto-cjk
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",  # Fedora
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",  # Arch
    "/usr/share/fonts/noto/NotoSansCJK-Regular.ttc",  # Alpine
    "/usr/share/fonts/opentype/source-han-sans/SourceHanSans-Regular.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)
"""Fonts whose licence lets them be embedded, in the places where systems put them."""

SIMPLIFIED: Final = 2
"""The face for simplified Chinese in Noto's and Source Han's collections."""

RESTRICTED: Final = 0x0002
"""The bit of a font's ``fsType`` that forbids to embed it."""

PIECES: Final = re.compile(
    r"\s*(?:[\u2588\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]|[^\s\u2588\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]+)"
    r"[\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f\u2019\u201d]*"
)
"""What stays together on a line: a Chinese character or a word, with the closing marks behind it."""

SLACK: Final = 3.0
"""Millimetres that are left free at the right: the cell's margins."""

INK, SOFT, LINE, RED = (28, 36, 48), (91, 102, 117), (213, 218, 225), (163, 35, 31)
MARGIN: Final = 16.0
"""Millimetres."""
NAMES: Final = 34.0
"""Millimetres for the names of pairs."""


def font_file(wanted: Path | None) -> Path:
    """The font to print with. Raises Unavailable ``font-missing``."""
    candidates = [wanted] if wanted else [Path(name) for name in USUAL_FONTS]
    found = next((file for file in candidates if file.is_file()), None)
    if found is None:
        raise Unavailable("font-missing", file=str(wanted or USUAL_FONTS[0]), variable="LIANDONG_FONT")
    return found


def pdf_of(sheet: Sheet, as_of: datetime, font: Path) -> bytes:
    """The whole print; the same bytes for the same sheet and font. Raises Invalid ``font-unusable``."""
    pdf = _document(sheet, font)
    pdf.set_creation_date(as_of)
    pdf.add_page()
    _heading(pdf, sheet)
    for section in sheet.sections:
        _section(pdf, section)
    return bytes(pdf.output())


def _document(sheet: Sheet, font: Path) -> Any:
    from fpdf import FPDF  # loads slowly, and few commands print

    class Document(FPDF):
        def footer(self) -> None:
            self.set_y(-12)
            self.set_font("text", size=8)
            self.set_text_color(*SOFT)
            self.cell(0, 5, f"{sheet.title}    {self.page_no()} / {{nb}}", align="C")

    pdf = Document(format="A4")
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(True, margin=18)
    pdf.set_title(sheet.title)
    pdf.set_lang("zh-CN" if sheet.language == "zh" else "en")
    number = SIMPLIFIED if (font.suffix == ".ttc" and "CJK" in font.name) or "SourceHan" in font.name else 0
    try:
        pdf.add_font("text", "", str(font), collection_font_number=number)
    except Exception as error:
        raise Invalid("font-unusable", file=str(font), reason=type(error).__name__) from error
    made: Any = pdf.fonts["text"]
    if made.ttfont["OS/2"].fsType & RESTRICTED:
        raise Invalid("font-unusable", file=str(font), reason="restricted")
    return pdf


def _heading(pdf: Any, sheet: Sheet) -> None:
    _write(pdf, sheet.title, 18, INK, 9)
    _write(pdf, sheet.remark, 9, SOFT, 5)
    pdf.ln(2)
    pdf.set_draw_color(*RED)
    pdf.set_line_width(0.8)
    pdf.line(MARGIN, pdf.get_y(), pdf.w - MARGIN, pdf.get_y())


def _write(pdf: Any, text: str, size: float, colour: tuple[int, int, int], height: float) -> None:
    pdf.set_font("text", size=size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(0, height, _folded(pdf, text, pdf.epw), align="L", new_x="LMARGIN", new_y="NEXT")


def _section(pdf: Any, section: Section) -> None:
    if pdf.will_page_break(26):
        pdf.add_page()
    else:
        pdf.ln(5)
    _write(pdf, section.heading, 12.5, RED, 7)
    pdf.ln(1)
    for name, value in section.pairs:
        _pair(pdf, name, value)
    if section.table:
        _table(pdf, section.table)


def _pair(pdf: Any, name: str, value: str) -> None:
    pdf.set_font("text", size=9.5)
    width = pdf.epw - NAMES
    value = _folded(pdf, value, width)
    lines = pdf.multi_cell(width, 5.4, value, align="L", dry_run=True, output="LINES")
    if pdf.will_page_break(5.4 * min(len(lines), 3)):
        pdf.add_page()
    pdf.set_text_color(*SOFT)
    pdf.cell(NAMES, 5.4, name)
    pdf.set_text_color(*INK)
    pdf.multi_cell(width, 5.4, value, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(0.6)


def _table(pdf: Any, table: Table) -> None:
    from fpdf.enums import TableBordersLayout
    from fpdf.fonts import FontFace

    pdf.set_font("text", size=8)
    pdf.set_text_color(*INK)
    pdf.set_draw_color(*LINE)
    pdf.set_line_width(0.2)
    with pdf.table(
        col_widths=tuple(table.shares),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="", color=SOFT),
        line_height=4.4,
        padding=(1, 2, 1, 0),
        text_align="LEFT",
        v_align="TOP",
    ) as printed:
        for cells in (table.headings, *table.rows):
            row = printed.row()
            for cell, share in zip(cells, table.shares, strict=True):
                row.cell(_folded(pdf, cell, pdf.epw * share / 100))


def _folded(pdf: Any, text: str, width: float) -> str:
    """The text in lines of this width, in the font that is set: Chinese is broken between any two characters, other
    text between words."""
    return "\n".join(line for part in text.split("\n") for line in _lines(pdf, part, width - SLACK))


def _lines(pdf: Any, text: str, width: float) -> list[str]:
    lines, left = [""], 0.0
    for piece in PIECES.findall(text):
        taken = pdf.get_string_width(piece)
        if taken > left and lines[-1]:
            lines.append("")
        if not lines[-1]:
            piece, left = piece.lstrip(), width
        lines[-1] += piece
        left -= taken
    return lines
