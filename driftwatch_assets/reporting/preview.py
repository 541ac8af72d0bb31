"""Small copies of pictures that stand within Markdown: for places that keep all they show."""

from __future__ import annotations

import base64
import io
import re

MOST_CHARACTERS = 40_000
"""What a preview takes at most. A place that keeps every one, as Dagster's event log does, must not swell by them."""

_WIDTHS = (760, 640, 520, 400, 300, 220, 140)
_COLOURS = 64


def preview(picture: bytes, words: str, *, address: str = "", most: int = MOST_CHARACTERS) -> str:
    """Give a picture as a Markdown image that holds it, scaled down until it is small enough.

    Parameters
    ----------
    picture
        A PNG image.
    words
        What it shows, for those who do not see it.
    address
        Where the whole picture is; the preview leads there.
    most
        Characters that the Markdown may take.

    Returns
    -------
    str
        Markdown of at most `most` characters; the same picture always gives the same.

    Raises
    ------
    ValueError
        The picture does not become small enough, or is none.

    Examples
    --------
    >>> from driftwatch_assets.reporting.canvas import png, sheet
    >>> drawn = preview(png(sheet(4, 3), "empty"), "An empty sheet", address="http://127.0.0.1:3070/a.png")
    >>> drawn[:42], drawn[-31:], len(drawn) < 2000
    ('[![An empty sheet](data:image/png;base64,i', ')](http://127.0.0.1:3070/a.png)', True)
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - heavy: loaded by the step that needs it

    try:
        with Image.open(io.BytesIO(picture)) as opened:
            whole = opened.convert("RGB")
    except UnidentifiedImageError as error:
        raise ValueError(f"cannot preview {words!r}: {len(picture)} bytes that are no image") from error
    text = re.sub(r"[\[\]\\`\n]", " ", words)
    for width in _WIDTHS:
        size = (min(width, whole.width), max(1, round(whole.height * min(width, whole.width) / whole.width)))
        small = whole.resize(size, Image.Resampling.LANCZOS) if size != whole.size else whole
        buffer = io.BytesIO()
        # Without dithering flat areas stay flat, and small.
        few = small.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(buffer, format="png", optimize=True)
        image = f"![{text}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})"
        markdown = f"[{image}]({address})" if address else image
        if len(markdown) <= most:
            return markdown
    raise ValueError(
        f"cannot preview {words!r}: at {_WIDTHS[-1]} pixels across it still takes {len(markdown)} characters, where "
        f"{most} are allowed"
    )
