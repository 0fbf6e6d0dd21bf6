"""Sample values made from the definition of an attribute."""

from typing import Any

from ..protocol.attributes import Attribute
from ..protocol.formats import parse_datetime
from ..protocol.values import is_empty

MOMENTS = ("2011-05-13T04:42:34Z", "2015-11-30T09:00:00Z", "2019-02-28T23:59:59Z")
SIMPLE: dict[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "integer": (7, 11, 12),
    "decimal": (7.5, 11.25, 12.5),
    "dateTime": MOMENTS,
    "binary": ("Zmlyc3Q=", "c2Vjb25k", "dGhpcmQ="),
}
URIS = tuple(f"https://example.com/{number}" for number in range(3))
FORMATTED: dict[str, tuple[str, ...]] = {
    "certificate": ("MAQwAgIA", "MAQwAgMA", "MAQwAgQA"),
    "country": ("AT", "BE", "CH"),
    "language": ("de-AT", "fr-BE", "it-CH"),
    "languages": ("de-AT", "fr-BE", "it-CH"),
    "timezone": ("Europe/Berlin", "Europe/Rome", "Europe/Vienna"),
    "uri": URIS,
}
WORDS = ("Alder", "Birch", "Cedar")


def sample(attribute: Attribute, number: int) -> Any:
    """Return one of three sample values of an attribute; numbers 0, 1 and 2 are ascending.

    A boolean has only two. A multi-valued attribute gets a list of one value, a complex attribute
    an object with all writable sub-attributes except ``primary``.
    """
    value = _one(attribute, number)
    return [value] if attribute.multi_valued else value


def _one(attribute: Attribute, number: int) -> Any:
    if attribute.is_complex:
        return {
            sub.name: sample(sub, number)
            for sub in attribute.sub_attributes
            if sub.mutability != "readOnly" and sub.name not in ("primary", "$ref")
        }
    if attribute.strict:
        return attribute.canonical_values[number % len(attribute.canonical_values)]
    values = FORMATTED.get(attribute.text_format) or SIMPLE.get(attribute.type)
    if values:
        return values[number % len(values)]
    return f"{WORDS[number]} {attribute.name}"


def shows(attribute: Attribute, given: Any, got: Any) -> bool:
    """Return whether a response contains the value that the client sent, and maybe more."""
    if is_empty(given) or is_empty(got):
        return is_empty(given) and is_empty(got)
    if attribute.multi_valued:
        single = attribute.single()
        return len(given) == len(got) and all(
            any(shows(single, one, other) for other in got) for one in given
        )
    if attribute.is_complex:
        return all(
            sub is not None and shows(sub, value, got.get(sub.name))
            for name, value in given.items()
            for sub in [attribute.sub(name)]
        )
    if attribute.type == "dateTime":
        return parse_datetime(given) == parse_datetime(got)
    return type(given) is type(got) and bool(given == got)
