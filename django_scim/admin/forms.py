"""The forms of the connection's pages."""

from typing import Any

from django import forms
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.widgets import ManyToManyRawIdWidget
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..conf import settings
from ..models import Connection
from ..models.connections import profile_choices

_ADOPTION_LABELS = {
    "none": _("None: only accounts that it created or that were assigned to it"),
    "username": _("By user name"),
    "email": _("By e-mail address, if the site has verified it"),
}


class ConnectionForm(forms.ModelForm):
    """A connection, with the site's adoption policies as choices."""

    #: Set by the admin for users who may change what a connection can access.
    may_manage_access = False

    class Meta:
        model = Connection
        fields = "__all__"  # noqa: DJ007 - the admin's fieldsets choose
        widgets = {"networks": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        profile: Any = self.fields.get("profile")
        if profile is not None:
            profile.choices = profile_choices(self.instance.profile)
        if (field := self.fields.get("adoption")) is not None:
            self.fields["adoption"] = forms.ChoiceField(
                choices=adoption_choices(self.instance.adoption),
                label=field.label,
                help_text=field.help_text,
                initial=field.initial,
            )

    def clean_name(self) -> str:
        """Check a new name: the setting CONNECTION_ADAPTERS gives some names other rules."""
        name = str(self.cleaned_data["name"])
        has_rules = {name, self.instance.name} & set(settings.CONNECTION_ADAPTERS)
        if name != self.instance.name and has_rules and not self.may_manage_access:
            message = gettext(
                "The adapters of “%(name)s” decide what a connection can access. You may not give "
                "or take this name."
            )
            raise ValidationError(message % {"name": min(has_rules)})
        return name


def adoption_choices(current: str) -> list[tuple[str, Any]]:
    """Return the site's adoption policies, plus the current one if the settings lack it."""
    names = ["none", *settings.ADOPTION_POLICIES]
    choices = [(name, _ADOPTION_LABELS.get(name, name)) for name in names]
    if current and current not in names:
        label = gettext("%(policy)s (not in ADOPTION_POLICIES: adopts no accounts)")
        choices.append((current, label % {"policy": current}))
    return choices


class PrimaryKeysField(forms.ModelMultipleChoiceField):
    """Typed primary keys. A key above 64 bits, for which SQLite raises an error, is not found."""

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError:
            message = self.error_messages["invalid_choice"]
            raise ValidationError(message, params={"value": ", ".join(value)}) from None


class AssignmentForm(forms.Form):
    """Existing objects of the site that are to be assigned to a connection.

    Accounts are assigned by their ids. Groups are assigned one at a time, because each may have
    permissions that its members get.
    """

    def __init__(
        self,
        *args: Any,
        connection: Connection,
        adapter: Any,
        admin_site: AdminSite,
        may_share_privileged: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        model = adapter.model
        queryset = model._default_manager.all()
        if not can_have_permissions(model):
            is_user = issubclass(model, get_user_model())
            target: Any = adapter.link._meta.get_field("target")
            help_text = gettext("Their ids on this site, separated by commas.")
            if admin_site.is_registered(model):
                help_text += " " + gettext("Use the magnifying glass to find them.")
            self.fields["objects"] = PrimaryKeysField(
                queryset,
                label=_("Accounts") if is_user else capfirst(model._meta.verbose_name_plural),
                widget=ManyToManyRawIdWidget(target.remote_field, admin_site),
                help_text=help_text,
            )
            return
        links = adapter.link._default_manager.filter(connection=connection, target__isnull=False)
        self.fields["object"] = forms.ModelChoiceField(
            queryset.exclude(pk__in=links.values("target")),
            label=capfirst(model._meta.verbose_name),
            help_text=_(
                "The identity provider sees it under its own name and manages its members."
            ),
        )
        if may_share_privileged:
            self.fields["privileged"] = forms.BooleanField(
                required=False,
                label=_("Share it even though it has permissions"),
                help_text=_(
                    "Every account that the identity provider adds to the group gets the group's "
                    "permissions on this site."
                ),
            )

    def chosen(self) -> list[Any]:
        """Return the objects that a valid form names, in the same order on every database."""
        objects: Any = self.cleaned_data.get("objects")
        return [self.cleaned_data["object"]] if objects is None else list(objects.order_by("pk"))


def can_have_permissions(model: Any) -> bool:
    """Return whether objects of a model can have permissions, as groups do."""
    return hasattr(model, "permissions")
