"""Elements of HTML and SVG with everything escaped, and pixels as a PNG inside the page."""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape

import numpy as np
from numpy.typing import NDArray

__all__ = ["Markup", "element", "empty_element", "joined", "png_source", "text"]


SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Markup(str):
    """Text that is markup already; every other string is escaped."""

    __slots__ = ()


def element(name: str, /, *content: str | Markup, **attributes: object) -> Markup:
    """``<name ...>content</name>``; underscores in attribute names become hyphens, a final one goes, None is left out.

    >>> element("a", "1 < 2", href="x", class_="far")
    '<a href="x" class="far">1 &lt; 2</a>'
    """
    return Markup(f"<{name}{_written(attributes)}>{joined(content)}</{name}>")


def empty_element(name: str, /, **attributes: object) -> Markup:
    """An element that has no content and no end, such as ``img``.

    >>> empty_element("img", alt="a map")
    '<img alt="a map">'
    """
    return Markup(f"<{name}{_written(attributes)}>")


def _written(attributes: dict[str, object]) -> str:
    return "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )


def joined(parts: tuple[str | Markup, ...] | list[Markup]) -> Markup:
    """Parts after each other, escaped where they are plain text."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def text(x: float, y: float, content: str, **attributes: object) -> Markup:
    """Words in an SVG."""
    return element("text", content, x=f"{x:.1f}", y=f"{y:.1f}", **attributes)


def png_source(pixels: NDArray[np.uint8]) -> str:
    """A ``data:`` address of pixels (rows, columns, 3)."""
    rows, columns, _ = pixels.shape
    lines = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(pixels))
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return f"data:image/png;base64,{base64.b64encode(SIGNATURE + b''.join(packed)).decode('ascii')}"
