"""Reads translation catalogues, without the tools of gettext."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import django_scim

PACKAGE = Path(django_scim.__file__).parent
CATALOGUES = {path.parents[1].name: path for path in PACKAGE.glob("locale/*/LC_MESSAGES/django.po")}
_LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) )?(".*")')
#: The parts that a translation has in common with the message: placeholders, tags, entities.
PLACEHOLDERS = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}|</?\w+[^>]*>|&\w+;")


class Message(NamedTuple):
    """A message of a catalogue. ``translations`` has one text for each plural form."""

    context: str
    text: str
    plural: str
    translations: tuple[str, ...]
    is_fuzzy: bool

    @property
    def key(self):
        return (self.context, self.text, self.plural)


def read(path):
    """Return the messages of a .po file, the header first. Obsolete ones are left out."""
    return [
        _message(block)
        for block in path.read_text("utf-8").split("\n\n")
        if "\nmsgid" in f"\n{block}"
    ]


def _message(block):
    fields, flags, name = {}, set(), ""
    for line in block.strip().splitlines():
        if line.startswith("#,"):
            flags.update(flag.strip() for flag in line[2:].split(","))
        elif found := _LINE.fullmatch(line):
            name = found[1] or name
            fields[name] = fields.get(name, "") + ast.literal_eval(found[2])
    translations = tuple(text for name, text in fields.items() if name.startswith("msgstr"))
    plural = fields.get("msgid_plural", "")
    return Message(
        fields.get("msgctxt", ""), fields["msgid"], plural, translations, "fuzzy" in flags
    )


def compiled(messages):
    """Return what ``gettext.GNUTranslations`` reads from a .mo file of these messages."""
    found = {}
    for each in messages:
        key = f"{each.context}\x04{each.text}" if each.context else each.text
        if each.plural:
            found |= {(key, form): text for form, text in enumerate(each.translations)}
        else:
            found[key] = each.translations[0]
    return found
