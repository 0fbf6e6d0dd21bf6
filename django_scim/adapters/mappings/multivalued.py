"""The values of a multi-valued attribute, changed by PATCH operations (RFC 7644 section 3.5.2).

All of this works on lists in memory, independent of mappings and the database.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...conf import settings
from ...protocol.attributes import Attribute
from ...protocol.errors import InvalidValue, Mutability, NoTarget
from ...protocol.filters import Filter, count_comparisons, equalities
from ...protocol.filters.evaluation import comparable, element_matches
from ...protocol.messages.patch import Operation
from ...protocol.messages.selectors import created_value, kept_selectors
from ...protocol.tolerances import Tolerances
from ...protocol.values import check_one_primary, drops_empty, is_label
from ..writing.effort import CHANGE, Effort

#: The length of a list that is searched without an index.
_SHORT = 20


@dataclass(eq=False)
class MultiValue:
    """One value: its sub-attributes, and the primary key of its row, if it has one."""

    data: dict[str, Any]
    key: Any = None
    original: dict[str, Any] = field(default_factory=dict)


class ValueList:
    """The values of one attribute, which operations change.

    An operation finds its values in indexes, which are created when they are first needed, so
    that its cost does not grow with the number of values. ``stored_form`` converts the
    sub-attributes to the form in which they are stored.
    """

    def __init__(
        self,
        path: str,
        attribute: Attribute,
        values: Iterable[MultiValue],
        effort: Effort,
        stored_form: Callable[[dict[str, Any]], dict[str, Any]] = dict,
    ) -> None:
        self.path, self.attribute, self._effort = path, attribute, effort
        self._stored_form = stored_form
        self._fill(each for each in values if each.data)
        self._initial = len(self._values)

    def __iter__(self) -> Iterator[MultiValue]:
        return iter(self._values.values())

    def _fill(self, values: Iterable[MultiValue]) -> None:
        """Set the values, without indexes."""
        #: The values by their positions, in order.
        self._values = dict(enumerate(values))
        self._positions = {id(each): position for position, each in self._values.items()}
        self._next = len(self._values)
        self._indexes: dict[str, _Index] = {}

    # Changing single values

    def _append(self, data: dict[str, Any]) -> MultiValue:
        value = MultiValue({})
        self._values[self._next] = value
        self._positions[id(value)] = self._next
        self._next += 1
        self._set(value, data)
        return value

    def _set(self, value: MultiValue, data: dict[str, Any]) -> None:
        """Set the sub-attributes of a value."""
        position = self._positions[id(value)]
        for index in self._indexes.values():
            index.discard(position, value.data)
        value.data = self._stored_form(data)
        for index in self._indexes.values():
            index.add(position, value.data)
        self._changed[id(value)] = value

    def _delete(self, value: MultiValue) -> None:
        position = self._positions.pop(id(value))
        for index in self._indexes.values():
            index.discard(position, value.data)
        del self._values[position]
        self._changed.pop(id(value), None)

    # Finding values

    def select(self, where: Filter | None) -> list[MultiValue]:
        """Return the values that a filter matches; all of them without a filter."""
        if where is None:
            self._effort.spend(len(self._values), self.path)
            return list(self)
        candidates: Sequence[MultiValue] = list(self)
        if len(candidates) > _SHORT:
            for term in equalities(where):
                found = self._equal(term.path.leaf, term.value)
                if len(found) < len(candidates):
                    candidates = found
        self._effort.spend(len(candidates) * count_comparisons(where), self.path)
        return [each for each in candidates if element_matches(where, each.data)]

    def _equal(self, sub: Attribute, wanted: Any) -> list[MultiValue]:
        """Return the values with a sub-attribute that is ``eq`` to ``wanted``."""
        return self._found(
            sub.name, lambda data: comparable(sub, data.get(sub.name)), comparable(sub, wanted)
        )

    def _identical(self, data: dict[str, Any]) -> list[MultiValue]:
        """Return the values that count as the same one as ``data``."""
        return self._found("same", identity_of, identity_of(data))

    def _found(
        self, name: str, key_of: Callable[[dict[str, Any]], Any], key: Any
    ) -> list[MultiValue]:
        """Return the values with a key, in order. The index is called ``name``."""
        index = self._indexes.get(name)
        if index is None:
            self._effort.spend(len(self._values), self.path)
            index = self._indexes[name] = _Index(key_of)
            for position, each in self._values.items():
                index.add(position, each.data)
        return [self._values[position] for position in sorted(index.positions(key))]

    # Operations

    def apply(self, operation: Operation, tolerances: Tolerances) -> list[MultiValue]:
        """Apply one operation, and return the values that it added or changed.

        Raise NoTarget if the filter in the path selects no value and none can be created from it,
        InvalidValue if two values would be primary or there would be more values than
        MAX_ATTRIBUTE_VALUES, and the errors of ``Effort`` and ``check_parts``.
        """
        self._changed: dict[int, MultiValue] = {}
        if isinstance(operation.value, list) and operation.path.sub is None:
            self._refuse_more(len(operation.value), settings.MAX_ATTRIBUTE_VALUES)
            self._effort.spend(CHANGE * len(operation.value), self.path)
            items = [self._stored_form(each) for each in operation.value]  # as stored values
            operation = replace(operation, value=items)
        if operation.path.sub is not None or operation.where is not None:
            self._apply_selected(operation, tolerances)
        elif operation.op == "remove":
            self._remove(operation.value)
        elif operation.op == "replace":
            self._replace(operation.value)
        else:
            self._add(operation.value)
        for each in list(self._changed.values()):
            if not each.data or self._is_emptied(each, operation, tolerances):
                self._delete(each)
        if operation.path.sub is not None or operation.where is not None:
            self._merge_equal()
        self._effort.spend(CHANGE * len(self._changed), self.path)
        for each in self._changed.values():
            check_parts(self.attribute, each.original, each.data)
        self._refuse_more(len(self._values), max(settings.MAX_ATTRIBUTE_VALUES, self._initial))
        return list(self._changed.values())

    def _merge_equal(self) -> None:
        """Merge changed values with others that now count as the same (RFC 7643 section 2.4)."""
        for each in list(self._changed.values()):
            if id(each) not in self._positions or "value" not in each.data:
                continue  # already merged into another, or without a value to compare
            first, *others = self._identical(each.data)
            for other in others:
                merged = other.data | first.data
                if other.data.get("primary") is True:
                    merged["primary"] = True
                self._delete(other)
                self._set(first, merged)

    def _is_emptied(self, value: MultiValue, operation: Operation, tolerances: Tolerances) -> bool:
        """Return whether an operation has left nothing of a value but its labels."""
        if operation.op != "remove" or operation.path.leaf is not self.attribute.default_sub:
            return False
        return is_label(self.attribute, value.data) and drops_empty(tolerances)

    def _refuse_more(self, count: int, limit: int) -> None:
        if count > limit:
            most = settings.MAX_ATTRIBUTE_VALUES
            raise InvalidValue(f"{self.path}: must not have more than {most} values")

    def _add(self, items: list[dict[str, Any]]) -> None:
        """Add items. One that is already there is updated."""
        for item in items:
            found = self._identical(item)
            if found:
                value = found[0]
                self._set(value, value.data | item)
            else:
                value = self._append(item)
            if item.get("primary") is True:
                self._demote_others([value])

    def _replace(self, items: list[dict[str, Any]]) -> None:
        """Replace the values by items. Those that were already there keep their rows.

        Items that count as the same value are merged.
        """
        rest: dict[Hashable, list[MultiValue]] = {}
        for each in reversed(list(self)):
            rest.setdefault(identity_of(each.data), []).append(each)
        result: list[MultiValue] = []
        by_identity: dict[Hashable, MultiValue] = {}
        for item in items:
            identity = identity_of(item)
            if rest.get(identity):
                value = rest[identity].pop()
                value.data = dict(item)
            elif identity in by_identity:
                by_identity[identity].data = by_identity[identity].data | item
                continue
            else:
                value = MultiValue(dict(item))
            by_identity[identity] = value
            result.append(value)
        self._fill(result)
        self._changed = {id(each): each for each in result}

    def _remove(self, listed: list[dict[str, Any]] | None) -> None:
        """Remove the listed values; without a list, remove all."""
        if listed is None:
            self._fill([])
            return
        for item in listed:
            found = self._found(
                "exact value",
                lambda data: (hashable(data.get("value")),),
                (hashable(item.get("value")),),
            )
            for each in found:
                if item.get("type", each.data.get("type")) == each.data.get("type"):
                    self._delete(each)

    def _apply_selected(self, operation: Operation, tolerances: Tolerances) -> None:
        """Apply an operation to the values that the filter in its path selects."""
        where, path = operation.where, operation.path
        chosen = self.select(where)
        if not chosen and operation.op != "remove":
            chosen = [self._append(_described(where, str(path), tolerances))]
            if chosen[0].data.get("primary") is True:
                self._demote_others(chosen)
        if path.sub is not None:
            for each in chosen:
                if operation.op == "remove":
                    rest = {k: v for k, v in each.data.items() if k != path.sub.name}
                    self._set(each, rest)
                else:
                    self._set(each, each.data | {path.sub.name: operation.value})
            sets_primary = path.sub.name == "primary" and operation.value is True
        elif operation.op == "remove":
            for each in chosen:
                self._delete(each)
            return
        else:
            for each in chosen:
                kept = each.data if operation.op == "add" else kept_selectors(where, tolerances)
                self._set(each, kept | operation.value)
            sets_primary = operation.value.get("primary") is True
        if sets_primary:
            check_one_primary([each.data for each in chosen], str(path))
            self._demote_others(chosen)

    def _demote_others(self, chosen: list[MultiValue]) -> None:
        """Set ``primary`` to false in all values not chosen (RFC 7644 section 3.5.2)."""
        kept = {id(each) for each in chosen}
        for each in self._found("primary values", lambda data: data.get("primary") is True, True):
            if id(each) not in kept:
                self._set(each, each.data | {"primary": False})


class _Index:
    """Finds the positions of values by a key. Nothing is found for the key None."""

    def __init__(self, key_of: Callable[[dict[str, Any]], Any]) -> None:
        self._key_of = key_of
        self._by_key: dict[Hashable, set[int]] = {}

    def add(self, position: int, data: dict[str, Any]) -> None:
        self._by_key.setdefault(hashable(self._key_of(data)), set()).add(position)

    def discard(self, position: int, data: dict[str, Any]) -> None:
        self._by_key.get(hashable(self._key_of(data)), set()).discard(position)

    def positions(self, key: Any) -> Iterable[int]:
        return () if key is None else self._by_key.get(hashable(key), ())


def check_parts(attribute: Attribute, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Check the sub-attributes of a changed complex value (RFC 7643 section 7).

    Raise InvalidValue if a required one is missing, Mutability if an immutable one has changed.
    """
    if new == old:
        return
    for sub in attribute.sub_attributes:
        if sub.required and sub.mutability != "readOnly" and sub.name not in new:
            raise InvalidValue(f"{attribute.name}.{sub.name}: is required")
        if sub.mutability == "immutable" and old.get(sub.name, new.get(sub.name)) != new.get(
            sub.name
        ):
            raise Mutability(
                f"{attribute.name}.{sub.name}: is immutable and already has another value"
            )


def identity_of(data: dict[str, Any]) -> Hashable:
    """Return a key: values with the same key count as the same one (RFC 7643 section 2.4).

    They do if value and type are equal; without ``value``, if all sub-attributes are equal.
    """
    parts = {"value": data["value"], "type": data.get("type")} if "value" in data else data
    return tuple((name, hashable(value)) for name, value in sorted(parts.items()))


def hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _described(where: Filter | None, path: str, tolerances: Tolerances) -> dict[str, Any]:
    """Return the value that a filter describes. Raise NoTarget if it describes none."""
    terms = created_value(where, tolerances)
    if terms is None:
        raise NoTarget(f"{path}: no value is selected by the path")
    return terms
