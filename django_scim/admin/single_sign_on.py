"""The single sign-on of a connection, on the connection's page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from ..models import Connection, SingleSignOn
from .actions import may_manage_access


class SingleSignOnInline(admin.StackedInline):
    """The provider of a connection. It decides who signs in to the connection's accounts.

    To change it, an admin therefore needs the permission to manage the access as well as the
    permission to change connections.
    """

    model = SingleSignOn
    extra = 0
    fields = (
        "provider",
        "external_id_claim",
        "user_name_claim",
        "verified_domains",
        "allow_sign_up",
    )

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "verified_domains":
            kwargs["widget"] = forms.Textarea(attrs={"rows": 3})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("django_scim.view_connection") or self._may_change(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_change(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_change(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_change(request)

    def _may_change(self, request: HttpRequest) -> bool:
        may_change = request.user.has_perm("django_scim.change_connection")
        return may_change and may_manage_access(request)


def changes_of(formset: Any, connection: Connection) -> list[dict[str, Any]]:
    """Return the changes in a valid formset of the inline, for the connection's event."""
    changes = []
    for form in formset.forms:
        is_deleted = form in formset.deleted_forms
        if not (is_deleted or form.has_changed()):  # also if the user may not change it
            continue
        for name in form.fields if is_deleted else form.changed_data:
            if name in SingleSignOnInline.fields:
                old = form.initial.get(name)
                new = None if is_deleted else form.cleaned_data[name]
                changes.append({"path": f"single sign-on, {name}", "old": old, "new": new})
    return changes
