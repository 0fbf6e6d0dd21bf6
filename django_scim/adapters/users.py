"""SCIM User and EnterpriseUser on the site's user model (RFC 7643 sections 4.1 and 4.3)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Expression, F, Q

from ..models import UserLink
from ..protocol.attributes import ENTERPRISE_URN, load_schema
from .accounts import activation, deprovisioning, sign_in, usernames
from .accounts.activation import Activation
from .accounts.credentials import end_credentials
from .accounts.display_name import DisplayName
from .accounts.exclusions import reachable_users
from .accounts.full_name import full_name_attributes, full_name_behaviours
from .accounts.passwords import Password, close_password, has_new_password
from .accounts.provisioning import begin_existing
from .accounts.user_models import privileges, user_attributes
from .base import ResourceAdapter
from .behaviours import Behaviour, Role
from .interfaces import Assigned
from .mappings.columns import Field
from .mappings.references import Reference
from .mappings.related_rows import Values
from .writing.changes import Change
from .writing.persistence import save_changed
from .writing.unit_of_work import UnitOfWork


class UserAdapter(ResourceAdapter):
    """SCIM User on the site's user model.

    Attributes for which the model has no column are stored in this app's tables.
    """

    name, endpoint, description = "User", "Users", "User Account"
    schema = load_schema("User")
    extensions = [load_schema("EnterpriseUser")]
    model, link = get_user_model(), UserLink
    attributes = user_attributes(model) | {
        **full_name_attributes(model),
        "name.middleName": Field("scim_profile.middle_name"),
        "name.honorificPrefix": Field("scim_profile.honorific_prefix"),
        "name.honorificSuffix": Field("scim_profile.honorific_suffix"),
        "displayName": DisplayName("scim_profile.display_name", key="scim_profile.display_key"),
        "nickName": Field("scim_profile.nick_name"),
        "profileUrl": Field("scim_profile.profile_url"),
        "title": Field("scim_profile.title"),
        "userType": Field("scim_profile.user_type"),
        "preferredLanguage": Field("scim_profile.preferred_language"),
        "locale": Field("scim_profile.locale"),
        "timezone": Field("scim_profile.timezone"),
        "password": Password(),
        "phoneNumbers": Values("phoneNumbers"),
        "ims": Values("ims"),
        "photos": Values("photos"),
        "addresses": Values("addresses"),
        "entitlements": Values("entitlements"),
        "roles": Values("roles"),
        "x509Certificates": Values("x509Certificates"),
        f"{ENTERPRISE_URN}:employeeNumber": Field("scim_profile.employee_number"),
        f"{ENTERPRISE_URN}:costCenter": Field("scim_profile.cost_center"),
        f"{ENTERPRISE_URN}:organization": Field("scim_profile.organization"),
        f"{ENTERPRISE_URN}:division": Field("scim_profile.division"),
        f"{ENTERPRISE_URN}:department": Field("scim_profile.department"),
        f"{ENTERPRISE_URN}:manager": Reference(
            "scim_profile.manager", to="User", pending="link.manager_value"
        ),
    }
    behaviours = ResourceAdapter.behaviours | {
        "userName": usernames.SignInName(),
        "active": Activation(),
        "emails": Behaviour(Role.ADDRESSES, locked=True),
        "password": Behaviour(locked=True, kept_on_put=True),
        **full_name_behaviours(model),
    }
    full_names = ("name.formatted", "name.givenName name.familyName")
    admin_attributes = ResourceAdapter.admin_attributes | {
        "userName",
        "active",
        "userType",
        "groups",
        "roles",
        "entitlements",
        ENTERPRISE_URN,
    }
    optional_types = frozenset({"Group"})

    @classmethod
    def unprotected(cls) -> Q:
        flags = Q(**{f"target__{name}": False for name in privileges(cls.model)})
        return flags & reachable_users()

    @classmethod
    def sign_in_columns(cls) -> frozenset[str]:
        model = cls.model
        address = getattr(model, "EMAIL_FIELD", "")
        return frozenset(name for name in (model.USERNAME_FIELD, address, "password") if name)

    def label(self) -> Expression | F:
        return F(f"target__{get_user_model().USERNAME_FIELD}")

    def name_of(self, link: Any) -> str:
        return str(link.target.get_username())

    # Writing

    def begin(self, values: Assigned) -> UnitOfWork:
        unit = begin_existing(self, values) or super().begin(values)
        if unit.is_new and not unit.link.unconfirmed and not has_new_password(unit):
            close_password(unit)
        return unit

    def save(self, unit: UnitOfWork, *, is_side_effect: bool = False) -> UnitOfWork:
        """Save a unit of work. Raise GuardTripped if too many people can no longer sign in.

        Raise Mutability if it activates an account that is inactive until it is confirmed.
        """
        if unit.link.unconfirmed and unit.link.held_inactive:
            activation.refuse_held(unit)
        saved = super().save(unit, is_side_effect=is_side_effect)
        if unit.has_past and not is_side_effect:
            sign_in.count_losses(unit)
        return saved

    def delete(self, link: Any) -> list[Change]:
        """Delete or deactivate the account, by the connection's policy, and unlink it.

        In both cases the resource no longer exists for the client. Return the changes of an
        account that still exists.
        """
        if not deprovisioning.deletes_for_good(self, link):
            return deprovisioning.release(self, link)
        self.link.end_releases([link.target_id])
        return super().delete(link)

    def user_name(self, values: Assigned) -> str:
        """Return the user name in a body, "" without one."""
        mapping = self.declared.by_role.get(Role.SIGN_IN_NAME)
        return str(values.get(mapping.path) or "") if mapping else ""

    #: The users that conflict with each name that was already looked up.
    users_with_name: Mapping[str, list[Any]] = MappingProxyType({})

    def conflicts(self, name: str) -> list[Any]:
        """Return the users that conflict with a name. The look-up is cached."""
        if name not in self.users_with_name:
            self.users_with_name = usernames.conflicts([name])
        return self.users_with_name[name]

    def reserve_username(self, user: Any) -> None:
        """Raise Uniqueness if a user's name is taken, except by an account that releases it."""
        deprovisioning.reserve_username(self, user)

    # Hooks for a site's subclass

    def deactivate(self, unit: UnitOfWork) -> None:
        """Remove an account's access, in addition to its column, when it becomes inactive.

        The password becomes unusable, which ends every session, and the account's tokens are
        deleted. A site may override this to add more: stage changes on the unit of work, or write
        to the database inside the open transaction.
        """
        # With a usable password, only is_active = False prevents a sign-in.
        is_kept_out = not unit.target.is_active
        has_password = unit.target.has_usable_password()
        if not (self.connection.keeps_passwords and is_kept_out and has_password):
            close_password(unit)
        end_credentials(unit.target)

    def reactivate(self, unit: UnitOfWork) -> None:
        """Run when an inactive account becomes active again. By default, restore nothing."""

    def may_adopt(self, user: Any, values: Assigned) -> bool:
        """Return whether the connection may adopt an account that its policy proposes.

        Also called before an account that the connection deleted is revived. This is the last
        check. It is not called for staff and superusers, for an account of
        another connection, or for an account of another tenant.
        """
        return True

    def belongs_to(self, user: Any, tenant: Any) -> bool:
        """Return whether an account belongs to a tenant, so that its connection may take it over.

        Checked for adoption, and before the connection revives or renames an account that it
        deleted.

        By default False for every account: only the site knows which accounts a tenant has.
        """
        return False

    def has_verified_email(self, user: Any, address: str) -> bool:
        """Return whether the site has verified that an e-mail address belongs to an account.

        Used for adoption by e-mail. By default True for addresses that django-allauth has
        verified; False without django-allauth.
        """
        if not apps.is_installed("allauth.account"):
            return False
        model: Any = apps.all_models["account"]["emailaddress"]
        verified = model._default_manager.filter(user=user, email__iexact=address, verified=True)
        return bool(verified.exists())

    def place(self, unit: UnitOfWork, tenant: Any) -> None:
        """Add a new user to the tenant that the connection belongs to.

        Called after the user is written, inside the transaction. By default, do nothing: only the
        site knows what a tenant is.
        """

    def after_save(self, unit: UnitOfWork) -> None:
        if unit.is_new and (tenant := self.connection.tenant) is not None:
            self.place(unit, tenant)

    def choose_username(self, unit: UnitOfWork) -> str:
        """Return the Django user name of a new account if userName is mapped to another column.

        By default the client's userName, shortened to the column's length, with a suffix if it is
        taken.
        """
        mapping = self.declared.by_role.get(Role.SIGN_IN_NAME)
        user_name = mapping.current(unit) if mapping else None
        name = usernames.shortened(str(user_name or uuid4().hex), self.model)
        return usernames.with_suffix(name, self.model) if self.conflicts(name) else name

    def release_username(self, user: Any) -> None:
        """Rename a deleted account, so that another user can have its name."""
        name = usernames.with_suffix(user.get_username(), type(user))
        setattr(user, user.USERNAME_FIELD, name)
        save_changed(user, [user.USERNAME_FIELD])
