"""Texts of events without secrets, on one line and limited in length."""

from collections.abc import Collection

from .secret_detection import HIDDEN, hide_tokens

#: The characters of an error's detail.
DETAIL_LIMIT = 2_000


def shown_text(text: str, limit: int, secrets: Collection[str] = ()) -> str:
    """Return a text without secrets, on one line, and cut to ``limit`` characters."""
    return limited(text, limit, printable(hide_secrets(text[: limit + 5_000], secrets)))


def hide_secrets(text: str, secrets: Collection[str] = ()) -> str:
    """Return a text without tokens and the given secrets, even if their end is cut off."""
    text = hide_tokens(text)
    lowered = text.lower()
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) < 4:
            break
        forms = [secret]
        if "\\" in secret or "'" in secret or not secret.isprintable():
            forms.append(repr(secret)[1:-1])
        for form in forms:
            if form[:24].lower() in lowered:
                text = _without(text, form)
                lowered = text.lower()
    return text


def _without(text: str, secret: str) -> str:
    """Return a text without a secret; a short one is only hidden where it is a whole word."""
    wanted, start = secret.lower(), 0
    while (start := text.lower().find(wanted[:24], start)) >= 0:
        lowered = text.lower()
        pairs = zip(lowered[start:], wanted, strict=False)
        length = next((n for n, (one, two) in enumerate(pairs) if one != two), len(wanted))
        around = lowered[max(start - 1, 0) : start] + lowered[start + length : start + length + 1]
        if len(secret) < 8 and any(char.isalnum() for char in around):
            start += 1
        else:
            text = text[:start] + HIDDEN + text[start + length :]
            start += len(HIDDEN)
    return text


def printable(text: str) -> str:
    """Replace the unprintable characters of a client's text, so that it cannot forge log lines."""
    return "".join(char if char.isprintable() else "�" for char in text)


def limited(text: str, limit: int, shown: str | None = None) -> str:
    """Return a text cut to ``limit`` characters, with a note of its full length.

    ``shown`` is the text after redaction.
    """
    shown = text if shown is None else shown
    if len(shown) <= limit >= len(text):
        return shown
    note = f"… ({len(text)} characters)"
    return shown[: limit - len(note)] + note
