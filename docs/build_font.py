"""Build ``reports/fonts/NotoSansSC-GBK.ttf``, the typeface of PDF reports, from the Debian package of Noto Sans CJK.

By hand, when the font is to be renewed (needs ``pip install fonttools``)::

    apt-get download fonts-noto-cjk && dpkg-deb -x fonts-noto-cjk_*.deb unpacked
    python docs/build_font.py unpacked/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

The same package and the same fonttools give the same bytes. Kept are the characters of GBK, Latin, Greek, Cyrillic,
punctuation, arrows, boxes and shapes; outlines become quadratic, for the PDF writer embeds TrueType outlines only.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.ttCollection import TTCollection

TARGET = Path(__file__).resolve().parent.parent / "reports" / "fonts" / "NotoSansSC-GBK.ttf"
FACE = "Noto Sans CJK SC"
RANGES = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3C9), (0x401, 0x451), (0x2010, 0x2044), (0x20A0, 0x20BF), (0x2103, 0x2122),
    (0x2150, 0x218B), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2460, 0x24FF), (0x2500, 0x25FF), (0x2600, 0x266F),
    (0x2713, 0x2717), (0x3000, 0x303F), (0xFF00, 0xFFEF), (0xFFFD, 0xFFFD),
)  # fmt: skip
MAX_ERROR_UNITS = 2.0


def wanted() -> Iterator[int]:
    """Give the code points the font shall have."""
    for first, last in RANGES:
        yield from range(first, last + 1)
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                yield ord(bytes((lead, trail)).decode("gbk"))
            except (UnicodeDecodeError, TypeError):
                continue


def face_of(path: Path) -> TTFont:
    """Give the simplified Chinese face of the collection."""
    return next(font for font in TTCollection(str(path)).fonts if str(font["name"].getDebugName(1)) == FACE)


def cut(font: TTFont) -> None:
    """Drop every glyph and table that a PDF has no use for."""
    options = Options(
        layout_features=[], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True, hinting=False,
        desubroutinize=True,
        drop_tables=["BASE", "GPOS", "GSUB", "GDEF", "VORG", "vhea", "vmtx", "DSIG"],
    )  # fmt: skip
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=sorted(set(wanted())))
    subsetter.subset(font)


def to_quadratic(font: TTFont) -> None:
    """Replace the cubic outlines by quadratic ones."""
    order, glyphs, outlines = font.getGlyphOrder(), font.getGlyphSet(), {}
    for name in order:
        pen = TTGlyphPen(None)
        glyphs[name].draw(Cu2QuPen(pen, MAX_ERROR_UNITS, reverse_direction=True))
        outlines[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, outlines
    del font["CFF "]
    for name, outline in outlines.items():
        outline.recalcBounds(font["glyf"])
        font["hmtx"][name] = (font["hmtx"][name][0], getattr(outline, "xMin", 0))
    maxp = font["maxp"] = newTable("maxp")
    maxp.tableVersion, maxp.numGlyphs = 0x00010000, len(order)
    for field in (
        "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements",
        "maxSizeOfInstructions", "maxComponentElements", "maxPoints", "maxContours", "maxCompositePoints",
        "maxCompositeContours", "maxComponentDepth",
    ):  # fmt: skip
        setattr(maxp, field, 0)
    maxp.maxZones = 1
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"


def main() -> None:
    font = face_of(Path(sys.argv[1]))
    cut(font)
    to_quadratic(font)
    font.recalcTimestamp = False
    font.save(str(TARGET), reorderTables=True)
    print(f"{TARGET}: {TARGET.stat().st_size} bytes, {len(font.getBestCmap())} characters")


if __name__ == "__main__":
    main()
