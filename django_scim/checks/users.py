"""Warnings about the mappings of user accounts: they work, but slowly or dangerously."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage

from ..adapters.behaviours import Role
from ..adapters.declaration import Declaration
from .table import message

PRIVILEGES = ("is_staff", "is_superuser", "password")


def user_warnings(adapter: Any, declaration: Declaration) -> Iterator[CheckMessage]:
    """Yield the warnings about an adapter whose declaration has no errors."""
    yield from _user_name(adapter, declaration)
    if issubclass(adapter.model, get_user_model()):
        yield from _privileges(adapter, declaration)
        yield from _activation(adapter, declaration)
        yield from _sign_in(adapter, declaration)


def _user_name(adapter: Any, declaration: Declaration) -> Iterator[CheckMessage]:
    mapping = declaration.by_role.get(Role.SIGN_IN_NAME)
    if mapping is not None and not mapping.key:
        yield message(
            "W003", f"{adapter.__name__}: {mapping.full_name} has no folded key.", obj=adapter
        )


def _privileges(adapter: Any, declaration: Declaration) -> Iterator[CheckMessage]:
    for mapping in declaration.mappings:
        for relations, column in mapping.written_columns():
            if not relations and column.name in PRIVILEGES:
                text = f"{adapter.__name__}: {mapping.path} is written to {column.name!r}."
                yield message("W005", text, obj=adapter)


def _activation(adapter: Any, declaration: Declaration) -> Iterator[CheckMessage]:
    """Warn if ``active: false`` leaves ``is_active`` true, which is what Django's login reads."""
    columns = {column.name for column in adapter.model._meta.concrete_fields}
    names = [n for n, each in adapter.behaviours.items() if each.role is Role.ACTIVATION]
    if "is_active" not in columns:
        return
    mapping = declaration.by_role.get(Role.ACTIVATION)
    if not names:
        problem = "behaviours has no Activation; extend UserAdapter.behaviours with |"
    elif not any(map(declaration.resource_schema.find, names)):
        return
    elif mapping is None:
        problem = "active is not mapped"
    elif mapping.attribute.mutability in ("readOnly", "immutable"):
        problem = f"active is {mapping.attribute.mutability}"
    elif not any(
        not relations and column.name == "is_active"
        for relations, column in mapping.written_columns()
    ):
        problem = "active is not written to is_active"
    else:
        return
    yield message("W009", f"{adapter.__name__}: {problem}.", obj=adapter)


def _sign_in(adapter: Any, declaration: Declaration) -> Iterator[CheckMessage]:
    """Warn about attributes other than userName and emails that change how people sign in."""
    roles = {each.role for each in adapter.behaviours.values()}
    if not {Role.SIGN_IN_NAME, Role.ADDRESSES} <= roles:
        return  # W009 reports behaviours that do not extend those of UserAdapter
    for mapping in declaration.mappings:
        if mapping.behaviour.locked:
            continue
        for _, column in mapping.written_columns():
            if column in declaration.sign_in_fields and column.name not in PRIVILEGES:
                text = f"{adapter.__name__}: {mapping.path} is written to {column.name!r}."
                yield message("W011", text, obj=adapter)
