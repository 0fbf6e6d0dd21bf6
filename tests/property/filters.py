"""Strategies for filters of every form in the grammar, based on the resources of a site."""

from datetime import timedelta, timezone

from hypothesis import strategies as st

from django_scim.protocol.formats import parse_datetime

from .strategies import KEYED
from .texts import UNUSUAL, comparable, relatives

TEXT = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")
ORDERED = ("eq", "ne", "gt", "ge", "lt", "le")
EQUALITY = ("eq", "ne")
#: Not filterable: never returned, or computed from the whole resource.
REFUSED = ("password", "meta.version")
#: Texts with a folded key or compared exactly, which MariaDB compares like other databases.
_KEYED = {
    "userName", "displayName", "groups.display", "members.display", "manager.displayName",
    "externalId", "id", *(f"{each}.value" for each in KEYED),
}  # fmt: skip
_ZONES = [timezone(timedelta(minutes=each)) for each in (0, 120, -330, 840, -720)]
_ENDS = ('"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59.999999Z"', '"0001-01-01T00:00:00+14:00"')
_SHAPES = [
    "{}", "{}", "{}", "not ({})", "not({})", "({})", "{} and {}", "{} or {}", "{} AND not ({})",
    "{} or not ({})", "{} or {} and {}", "({} or {}) and {}", "not ({} and {} or {})",
    "not (not ({}) Or {}) and {}", "not (({} or {}) and ({} or not ({})))",
]  # fmt: skip


class Filters:
    """Strategies for filters on one resource type."""

    def __init__(self, schema, resources, more_texts=()):
        self.schema, self.resources = schema, resources
        self.texts = [*UNUSUAL, *more_texts]
        self.paths = [each for each in schema.paths() if each.attribute.name not in REFUSED]

    def filters(self):
        return shaped(st.one_of([self._about(path) for path in self.paths]))

    def _about(self, path):
        """Return a strategy for terms on one attribute."""
        attribute, names = path.attribute, self._names(path)
        if not attribute.is_complex:
            return self._comparison(path, attribute, names)
        choices = [st.sampled_from([f"{name} pr" for name in names]), self._value_path(path, names)]
        for sub in self._subs(attribute):
            choices.append(self._comparison(path, sub, [f"{name}.{sub.name}" for name in names]))
        if attribute.default_sub is not None:  # RFC 7644 itself writes "emails co"
            choices.append(self._comparison(path, attribute.default_sub, names, bare=True))
        return st.one_of(choices)

    @staticmethod
    def _subs(attribute):
        return [s for s in attribute.sub_attributes if f"{attribute.name}.{s.name}" not in REFUSED]

    @staticmethod
    def _names(path):
        """Return spellings of a name, with and without its URN (RFC 7644 section 3.10)."""
        name, urn = path.attribute.name, f"{path.schema}:{path.attribute.name}"
        return [urn, urn.upper()] if path.is_extension else [name, name, name.upper(), urn]

    def _value_path(self, path, names):
        subs = self._subs(path.attribute)
        inner = shaped(st.one_of([self._comparison(path, sub, [sub.name]) for sub in subs]))
        suffix = st.one_of([self._comparison(path, sub, [f".{sub.name}"]) for sub in subs])
        whole = st.builds("{}[{}]".format, st.sampled_from(names), inner)
        return st.one_of(whole, whole, st.builds("{}{}".format, whole, suffix))

    def _comparison(self, path, leaf, names, bare=False):
        """Return a strategy for terms on an attribute, drawn as one number, which shrinks well."""
        whole = path.attribute.name
        if leaf is not path.attribute:
            whole += f".{leaf.name}"
        ops, values = self._operands(path, leaf, whole)
        nothing = ("eq null", "ne null") if bare else ("pr", "eq null", "ne null")

        def term(number):
            number, name = divmod(number, len(names))
            kind, number = number % 8, number // 8
            if kind == 0:
                return f"{names[name]} {nothing[number % len(nothing)]}"
            number, op = divmod(number, len(ops))
            return f"{names[name]} {ops[op]} {values[number % len(values)]}"

        return st.integers(0, len(names) * 8 * len(ops) * len(values) - 1).map(term)

    def _operands(self, path, leaf, whole):
        """Return the operators for an attribute, and values to compare it with."""
        held = sorted({value for value in self._held(path, leaf) if value is not None})
        if leaf.type == "boolean":
            return EQUALITY, ("true", "false")
        if leaf.type == "dateTime":
            return ORDERED, [*_ENDS, *(moment for value in held for moment in moments(value))]
        if leaf.type == "binary":
            return EQUALITY, [quoted(each) for each in {*held, "QUJD"}]
        if leaf.name in ("$ref", "location"):
            # compared as a whole, because a relative reference is resolved (RFC 7643 section 2.3.7)
            return EQUALITY, [quoted(each) for each in [*held, "http://testserver/none"]]
        near = {each for value in held for each in relatives(value)}
        values = sorted({*near, *self.texts})
        if whole not in _KEYED:
            values = [each for each in values if comparable(each)]
        return TEXT, [quoted(each) for each in values]

    def _held(self, path, leaf):
        for resource in self.resources:
            holder = resource.get(path.schema, {}) if path.is_extension else resource
            found = holder.get(path.attribute.name)
            for each in found if isinstance(found, list) else [found]:
                yield each if leaf is path.attribute or each is None else each.get(leaf.name)


@st.composite
def shaped(draw, terms):
    """Combine terms with and, or, not and parentheses."""
    shape = draw(st.sampled_from(_SHAPES))
    return shape.format(*(draw(terms) for _ in range(shape.count("{}"))))


def moments(text):
    """Yield an instant and its neighbours in several time zones."""
    for distance, zone in zip((0, 0, 0, -1, 1, 2_000_000), (*_ZONES, _ZONES[1]), strict=True):
        moved = parse_datetime(text) + timedelta(microseconds=distance)
        yield quoted(moved.astimezone(zone).isoformat())


def quoted(text):
    """Return a text as a JSON string, as the grammar requires."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in escaped) + '"'
