"""The forms of the connection's pages."""

from typing import Any

from django import forms
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.widgets import ManyToManyRawIdWidget
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from ..conf import settings
from ..models import Connection
from ..models.connections import profile_choices

_ADOPTIONS = {
    "none": "None: only accounts that it created or was given",
    "username": "By user name",
    "email": "By e-mail address, if the site has verified it",
}


class ConnectionForm(forms.ModelForm):
    """The connection, with the site's policies of adoption to choose from."""

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


def adoption_choices(current: str) -> list[tuple[str, str]]:
    """Return the policies, the current one among them though the settings may have lost it."""
    names = ["none", *settings.ADOPTION_POLICIES]
    choices = [(name, _ADOPTIONS.get(name, name)) for name in names]
    if current and current not in names:
        choices.append((current, f"{current}: is not in ADOPTION_POLICIES, adopts nobody"))
    return choices


class Ids(forms.ModelMultipleChoiceField):
    """Keys that somebody typed; SQLite takes none of more than 64 bits."""

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError:
            message = self.error_messages["invalid_choice"]
            raise ValidationError(message, params={"value": ", ".join(value)}) from None


class GiveForm(forms.Form):
    """Objects that the site has, to be given to a connection.

    Groups one at a time: whether its members may have its permissions is a question of its own.
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
        if not carries_permissions(model):
            is_user = issubclass(model, get_user_model())
            target: Any = adapter.link._meta.get_field("target")
            can_be_found = admin_site.is_registered(model)
            self.fields["objects"] = Ids(
                queryset,
                label="Accounts" if is_user else model._meta.verbose_name_plural.capitalize(),
                widget=ManyToManyRawIdWidget(target.remote_field, admin_site),
                help_text="Their ids on this site, separated by commas."
                + (" The glass finds them." if can_be_found else ""),
            )
            return
        links = adapter.link._default_manager.filter(connection=connection, target__isnull=False)
        self.fields["object"] = forms.ModelChoiceField(
            queryset.exclude(pk__in=links.values("target")),
            label=model._meta.verbose_name.capitalize(),
            help_text="The identity provider sees it under its own name and decides who is in it.",
        )
        if may_share_privileged:
            self.fields["privileged"] = forms.BooleanField(
                required=False,
                label="Share it although it carries permissions",
                help_text="Whoever the identity provider makes a member gets the group's "
                "permissions on this site.",
            )

    def chosen(self) -> list[Any]:
        """Return what a valid form names."""
        objects: Any = self.cleaned_data.get("objects")
        return [self.cleaned_data["object"]] if objects is None else list(objects)


def carries_permissions(model: Any) -> bool:
    """Whether objects of a model can carry permissions, as groups do."""
    return hasattr(model, "permissions")
