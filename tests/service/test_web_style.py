"""The style sheet's tokens: every pair of text and paper that pages use can be read, in light, dark and on the brand colour."""

import re

import pytest

from service.web.assets import ASSETS

CSS = next(asset.data.decode() for asset in ASSETS.values() if asset.name.startswith("style."))
TOKEN = re.compile(r"--([a-z-]+):\s*(#[0-9a-f]{6});")


def tokens(block: str) -> dict[str, str]:
    return dict(TOKEN.findall(block))


LIGHT = tokens(CSS[: CSS.index("@media (prefers-color-scheme: dark)")])
DARK = LIGHT | tokens(
    re.search(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", CSS, re.DOTALL)[1]
)

HIGH = LIGHT | tokens(re.search(r'html\[data-contrast="high"\] \{(.*?)\}', CSS, re.DOTALL)[1])  # chosen by the reader


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


TEXT = [
    ("ink", "paper"), ("ink", "paper-soft"), ("ink-soft", "paper"), ("ink-soft", "paper-soft"), ("link", "paper"),
    ("link", "paper-soft"), ("brand-ink", "brand"), ("good", "good-paper"), ("bad", "bad-paper"), ("warn", "warn-paper"),
]  # fmt: skip
GRAPHICS = [("line-strong", "paper"), ("focus", "paper"), ("focus", "paper-soft"), ("accent", "brand")]


@pytest.mark.parametrize("theme", [LIGHT, DARK, HIGH], ids=["light", "dark", "high contrast"])
def test_every_pair_of_tokens_reaches_its_contrast(theme: dict[str, str]) -> None:
    for text, paper in TEXT:
        assert contrast(theme[text], theme[paper]) >= 7, (text, paper)
    for line, paper in GRAPHICS:
        assert contrast(theme[line], theme[paper]) >= 3, (line, paper)


def test_the_style_sheet_asks_nobody_else() -> None:
    """No address, import or font of another host, and small enough for a phone (W05: 8 kB compressed)."""
    import zlib

    assert "url(" not in CSS
    assert "@import" not in CSS
    assert "@font-face" not in CSS
    assert len(zlib.compress(CSS.encode(), 9)) <= 8 * 1024
