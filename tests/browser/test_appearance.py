"""Appearance of the admin's pages, and use by keyboard.

``scripts/screenshots FOLDER`` stores the pictures that these tests make of every page.
"""

import pytest

from .browser import NARROW, ROOT, WIDE
from .pages import keep_picture

#: Return the contrast of each of our texts with its background, and the text (WCAG 2, level AA).
CONTRAST = """
const parse = color => { const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
                         return {rgb: [r, g, b], a}; };
const light = rgb => { const [r, g, b] = rgb.map(c => (c /= 255) <= .04045 ? c / 12.92
                                                     : ((c + .055) / 1.055) ** 2.4);
                       return .2126 * r + .7152 * g + .0722 * b; };
const behind = element => { for (let at = element; at; at = at.parentElement) {
    const {rgb, a} = parse(getComputedStyle(at).backgroundColor); if (a == 1) return rgb; }
    return [255, 255, 255]; };
return [...document.querySelectorAll(arguments[0])].filter(e => e.offsetParent).map(e => {
    const two = [light(parse(getComputedStyle(e).color).rgb), light(behind(e))];
    return [(Math.max(...two) + .05) / (Math.min(...two) + .05), e.className + " "
            + e.textContent.trim()]; });
"""
OURS = (
    ".scim-badge, .scim-banner h2, .scim-banner p, .scim-banner a, .scim-changes td, .scim-raw,"
    " .scim-sections td, .scim-sections p, .scim-danger, .scim-secret dd, .scim-list li"
)
BUTTONS = "main input[type=submit], main a.button"
OUT_OF_SIGHT = """
return [...document.querySelectorAll(arguments[0])].filter(element => {
    const {left, right} = element.getBoundingClientRect();
    return left < 0 || right > document.documentElement.clientWidth; }).map(e => e.value || e.text);
"""
CUT_OFF = """
return [...document.querySelectorAll(arguments[0])].map(e => e.scrollWidth - e.clientWidth)
    .filter(hidden => hidden > 1);
"""
RING = """
const {outlineStyle, outlineWidth} = getComputedStyle(arguments[0]);
return outlineStyle != "none" && parseFloat(outlineWidth) >= 1;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page_fits_and_is_readable(ada, pages, size, scheme):
    for page in pages:
        ada.emulate(size, scheme)
        page.open(ada)
        width, room = ada.run(
            "const page = document.documentElement; return [page.scrollWidth, page.clientWidth]"
        )
        assert width <= room, page
        assert ada.run(OUT_OF_SIGHT, BUTTONS) == [], page
        if page.root == ROOT:
            assert ada.run(CUT_OFF, ".results") == [], page
        for contrast, text in ada.run(CONTRAST, OURS):
            assert contrast >= 4.5, (page, text, contrast)
        keep_picture(ada, f"{page.name}-{scheme}-{size[0]}")


def test_follows_the_colour_scheme_of_the_user(ada, pages):
    grounds = []
    for scheme in ("light", "dark"):
        ada.emulate(WIDE, scheme)
        pages[0].open(ada)
        grounds.append(ada.run("return getComputedStyle(document.body).backgroundColor"))
    assert grounds[0] != grounds[1]


def test_keyboard_reaches_every_button(ada, tripped):
    ada.open(f"connection/{tripped.connection.pk}/change/")
    wanted = [
        "Override the guard for an hour",
        "Save",
        "Rotate",
        "Revoke",
        "Issue a token",
        "Assign accounts…",
        "Share a group…",
        "Pause",
        "Close…",
    ]
    reached = []
    ada.run("document.querySelector('main').focus()")
    while (element := ada.tab()).tag_name != "body" and len(reached) < 100:
        if not element.find_elements("xpath", "ancestor-or-self::main"):
            continue
        name = element.accessible_name
        assert name, element.get_attribute("outerHTML")
        if name in wanted:
            assert ada.run(RING, element), name
        if name in reached:
            break
        reached.append(name)
    assert [name for name in reached if name in wanted] == wanted


def test_button_can_be_pressed_by_keyboard(ada, connect):
    scim = connect()
    ada.open(f"connection/{scim.connection.pk}/change/")
    with ada.wait_for_next_page():
        ada.button("Issue a token").send_keys("\ue007")  # Enter
    assert ada.path.endswith("/secret/") and scim.connection.tokens.count() == 2
