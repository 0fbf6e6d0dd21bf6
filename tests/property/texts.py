"""Unusual texts: Unicode forms, letters that fold to several, and special characters."""

import unicodedata

from hypothesis import strategies as st

from django_scim.models.fields import KEY_LENGTH
from django_scim.protocol.values import fold
from tests.databases import MARIADB

UNUSUAL = [
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
    """Return whether folding only converts each letter to lower case."""
    return fold(text) == text.lower().replace("ς", "σ") and len(fold(text)) == len(text)


def comparable(text):
    """Return whether every database compares a text without a folded key as Python does.

    MariaDB does not normalise, so there it holds only for letters that fold one to one.
    """
    return not MARIADB or one_to_one(text)


letters = st.text("aAbßİé\u0301😀%_\\\"' σς", min_size=1, max_size=6)
texts = st.sampled_from(UNUSUAL) | letters
plain = texts.filter(comparable)
#: For attributes with a folded key; a text longer than the key is treated as having none.
long_texts = texts | st.sampled_from(
    [each for each in VERY_LONG if comparable(each) or len(fold(each)) < KEY_LENGTH]
)


def relatives(text):
    """Return texts that are equal, contained in the text, or slightly different."""
    middle = len(text) // 2
    return [
        text, text.upper(), text.lower(), text.swapcase(), text[:1], text[:middle], text[middle:],
        text[-2:], text[1:-1], text + " ", text + "a", text[:-1],
        unicodedata.normalize("NFD", text),
        unicodedata.normalize("NFC", text), unicodedata.normalize("NFKC", text),
    ]  # fmt: skip


def is_visible(text):
    """Return whether a text has no control or invisible characters, so that it can be a name."""
    refused = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
    return all(unicodedata.category(each) not in refused and each != "\ufe0f" for each in text)


def is_line(text):
    """Return whether a text has no control characters, so that it can be shown in one line."""
    return all(unicodedata.category(each) not in ("Cc", "Zl", "Zp") for each in text)


names = texts.filter(is_visible)
long_names = long_texts.filter(is_visible)
long_lines = long_texts.filter(is_line)
#: User names, which have no blanks at their ends.
logins = names.filter(lambda text: text == text.strip())
