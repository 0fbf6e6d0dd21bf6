"""Odd texts: Unicode forms, letters that fold to several, what SQL and JSON make something of."""

import unicodedata

from hypothesis import strategies as st

from django_scim.models.fields import KEY_LENGTH
from django_scim.protocol.values import fold
from tests.databases import MARIADB

ODD = [
    "amy", "Amy", "AMY", "amy ", " amy", "a", "A", "b", "zoë", "ZOË", "zoe\u0308", "zoe",
    "straße", "STRASSE", "ẞ", "İstanbul", "i\u0307stanbul", "ıstanbul", "ΣΊΣΥΦΟΣ", "σίσυφος", "ﬁn",
    "fin", "ａｍｙ", "😀", "a😀b", "e\u0301\u0323", "ǅ", "Ⅷ", "K",
    "100%", "a%b", "a_b", "a\\b", "\\",
    '"', "'", 'say "hi"', "'; DROP TABLE x --", "%", "_", "(a]", "a or b", "null", "true", "5",
    "   ", "\t", "line\nbreak", "end  ", "\u200bzero", "日本語", "Ω", "Ω", "א", "🏳️‍🌈", "x" * 140,
    "Y" * 139 + "ß", "ab" * 70,
]  # fmt: skip
VERY_LONG = ["l" * 250, "L" * 249 + "é", "ﷺ" * 12]


def one_to_one(text):
    """Whether folding does no more than lower each letter."""
    return fold(text) == text.lower().replace("ς", "σ") and len(fold(text)) == len(text)


def comparable(text):
    """Whether every database compares a text that has no folded key as Python does.

    MariaDB cannot normalise: there the promise is for letters that fold one to one.
    """
    return not MARIADB or one_to_one(text)


letters = st.text("aAbßİé\u0301😀%_\\\"' σς", min_size=1, max_size=6)
texts = st.sampled_from(ODD) | letters
plain = texts.filter(comparable)
#: For attributes with a folded key; a text that is longer than its key is as if it had none.
long_texts = texts | st.sampled_from(
    [each for each in VERY_LONG if comparable(each) or len(fold(each)) < KEY_LENGTH]
)


def relatives(text):
    """Return texts that are equal to one, a part of it, or just beside it."""
    middle = len(text) // 2
    return [
        text, text.upper(), text.lower(), text.swapcase(), text[:1], text[:middle], text[middle:],
        text[-2:], text[1:-1], text + " ", text + "a", text[:-1],
        unicodedata.normalize("NFD", text),
        unicodedata.normalize("NFC", text), unicodedata.normalize("NFKC", text),
    ]  # fmt: skip
