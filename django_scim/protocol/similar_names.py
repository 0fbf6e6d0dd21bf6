"""Names that people would take for the same one, although their characters differ."""

import unicodedata
from functools import lru_cache

#: Letters with a stroke and ligatures, which no Unicode normalization separates into base letters.
_BASE_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"}
)
#: Characters that no font shows, although Unicode counts them as letters or symbols.
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"


@lru_cache(4096)
def name_skeleton(name: str) -> str:
    """Return the part of a name that people compare.

    Case, accents, character width, invisible characters, and the kind and number of spaces are
    removed. Letters of different alphabets stay different, even if they look the same.

    >>> name_skeleton("Ädmins") == name_skeleton("ＡＤＭＩＮＳ\\u200b") == name_skeleton(" admins")
    True
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    folded = unicodedata.normalize("NFKD", folded.casefold()).translate(_BASE_LETTERS)
    return " ".join("".join(filter(_is_visible, folded)).split())


def _is_visible(character: str) -> bool:
    """Return whether a character is a letter, a digit, a symbol or a space."""
    if character in _BLANK:
        return False
    category = unicodedata.category(character)
    return character.isspace() or not category.startswith(("M", "C"))
