"""SCIM User and EnterpriseUser on the site's user model (RFC 7643 sections 4.1 and 4.3)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import is_password_usable
from django.db.models import Expression, F, Q

from ..models import Connection, UserLink
from ..protocol.attributes import ENTERPRISE_URN, AttributePath, load_schema
from ..protocol.errors import InvalidValue, Mutability
from ..protocol.messages.patch import Operation
from ..protocol.values import is_empty
from .accounts import user_models as stock
from .accounts import usernames as names
from .accounts.adoption import policy_of
from .accounts.credentials import end_credentials
from .base import Assigned, ResourceAdapter
from .mappings.columns import Field
from .mappings.passwords import Password, hashed
from .mappings.references import Reference
from .mappings.user_values import Values
from .writing import guard as guarding
from .writing.locks import for_update
from .writing.outcomes import ChangeKind, announce, kinds_of
from .writing.side_effects import end_memberships
from .writing.unit_of_work import Change, UnitOfWork

LOCKED = ("userName", "emails", "password")
"""What a connection cannot change of an adopted account until an admin confirms the link."""


class UserAdapter(ResourceAdapter):
    """The stock user: its own columns where it has them, this app's tables for the rest."""

    name, endpoint, description = "User", "Users", "User Account"
    schema = load_schema("User")
    extensions = [load_schema("EnterpriseUser")]
    model, link = get_user_model(), UserLink
    attributes = stock.user_attributes(model) | {
        "name.formatted": Field("scim_profile.formatted_name"),
        "name.middleName": Field("scim_profile.middle_name"),
        "name.honorificPrefix": Field("scim_profile.honorific_prefix"),
        "name.honorificSuffix": Field("scim_profile.honorific_suffix"),
        "displayName": Field("scim_profile.display_name", key="scim_profile.display_key"),
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
    optional_types = frozenset({"Group"})
    # A PUT must never bring a leaver back, nor let go of the identity provider's own id.
    kept_on_put = ResourceAdapter.kept_on_put | {"active"}

    @classmethod
    def unprotected(cls) -> Q:
        return Q(**{f"target__{name}": False for name in cls._privileges()})

    @classmethod
    def _privileges(cls) -> list[str]:
        names = {field.name for field in cls.model._meta.concrete_fields}
        return [name for name in ("is_staff", "is_superuser") if name in names]

    def label(self) -> Expression | F:
        return F(f"target__{get_user_model().USERNAME_FIELD}")

    def name_of(self, link: Any) -> str:
        return str(link.target.get_username())

    # Joiners: somebody new, somebody come back, somebody whom the site knew before

    def begin(self, values: Assigned) -> UnitOfWork:
        if (user := self.find_former_account(values)) is not None:
            unit = self.unit_of_work(self.link(connection=self.connection, target=user))
            self.assign(unit, values)
            self.revive(unit)
            return unit
        if (user := self.adoptable(values)) is not None:
            adopted = {"target": user, "unconfirmed": True, "preexisting": True}
            unit = self.unit_of_work(self.link(connection=self.connection, **adopted))
            self.assign_given(unit, {p: v for p, v in values.items() if p.name not in LOCKED})
            return unit
        return super().begin(values)

    def adoptable(self, values: Assigned) -> Any:
        """Return the account that the connection's policy adopts for a new user, or None."""
        policy = policy_of(self.connection)
        for user in policy.find(self, values) if policy else ():
            if any(getattr(user, flag) for flag in self._privileges()):
                continue
            if not self._is_of_tenant(user):
                continue
            # Locked, so that of two connections only one finds it free.
            for_update(self.model._base_manager.filter(pk=user.pk)).first()
            if self._is_free(user) and self.may_adopt(user, values):
                return user
        return None

    def _is_of_tenant(self, user: Any) -> bool:
        if not self.connection.has_tenant:
            return True
        if self.connection.tenant_is_gone():
            return False
        return self.belongs_to(user, self.connection.tenant)

    def _is_free(self, user: Any) -> bool:
        """Whether no connection holds an account, and the site's rule lets this one have it.

        The rule is asked of a link, and so there is one for a moment.
        """
        if self.is_held(user.pk) or self._links_to(user).exists():
            return False
        link = self.link(
            connection=self.connection, target=user, preexisting=True, unconfirmed=True
        )
        link.save()
        is_unprotected = self._links_to(user).filter(self.unprotected()).exists()
        link.delete()
        return bool(is_unprotected)

    def _links_to(self, user: Any) -> Any:
        return self.link._default_manager.filter(connection=self.connection, target=user.pk)

    def apply(self, unit: UnitOfWork, operation: Operation) -> None:
        """Refuse to deactivate where nothing is mapped to it: the account would stay in use."""
        path = operation.path
        if path.name == "active" and operation.value is False and not self.mappings_for(path):
            raise InvalidValue("active: accounts here cannot be deactivated; delete the user")
        super().apply(unit, operation)

    def prepare(self, path: AttributePath, value: Any, scim_id: str, values: Assigned) -> Any:
        """Hash a password that the connection may set, before any row is locked."""
        if path.name != "password" or self.connection.passwords != Connection.Passwords.ACCEPT:
            return value
        user = self.model()
        if scim_id and (link := self.queryset().filter(scim_id=scim_id).first()):
            user = link.target
        for other, given in values.items():
            if other.name == "userName":
                setattr(user, user.USERNAME_FIELD, given)
        return hashed(value, user, self.registry.pool)

    # Hooks of the write

    def before_save(self, unit: UnitOfWork) -> None:
        user = unit.target
        if unit.link.unconfirmed:
            self._refuse_locked(unit)
        if is_empty(user.get_username()):
            field = user._meta.get_field(user.USERNAME_FIELD)
            unit.set((), field, self.choose_username(unit), "")
        if unit.changed("userName"):
            self._reserve_name(unit)
        if unit.is_new and not unit.link.unconfirmed and not unit.changed("password"):
            self.close_password(unit)
        if unit.changed("active"):
            if self._is_active(user):
                self.reactivate(unit)
            else:
                self._count_departure(unit)
                self.deactivate(unit)

    def _count_departure(self, unit: UnitOfWork) -> None:
        if not unit.is_new:
            guarding.count_removal(self, "accounts", 1, unit.link.created)

    def choose_username(self, unit: UnitOfWork) -> str:
        """Return the user name of an account whose adapter maps userName to another column.

        By default what the client calls it, made short enough and unique.
        """
        wanted = names.shortened(str(unit.value("userName") or uuid4().hex), self.model)
        return names.with_suffix(wanted, self.model) if self.conflicts(wanted) else wanted

    def may_adopt(self, user: Any, values: Assigned) -> bool:
        """Whether an account that the connection's policy proposes may become the connection's.

        The last word on a proposal, never asked for staff and superusers, for an account that a
        connection holds, nor for one of another tenant. By default yes.
        """
        return True

    def belongs_to(self, user: Any, tenant: Any) -> bool:
        """Whether an account is the tenant's, so that the tenant's connection may adopt it.

        By default none is: what belongs to a tenant, the site alone knows.
        """
        return False

    def has_verified_email(self, user: Any, address: str) -> bool:
        """Whether the site knows that an address is the account's own, for adoption by e-mail.

        By default what django-allauth has verified; without it none is.
        """
        if not apps.is_installed("allauth.account"):
            return False
        model: Any = apps.all_models["account"]["emailaddress"]
        known = model._default_manager.filter(user=user, email__iexact=address, verified=True)
        return bool(known.exists())

    def place(self, unit: UnitOfWork, tenant: Any) -> None:
        """Put a new user into the tenant that the connection belongs to.

        Called with the user written, inside the transaction. By default nothing: what a tenant
        is, the site alone knows.
        """

    def deactivate(self, unit: UnitOfWork) -> None:
        """What the end of an account's use means beside its column.

        No password works any more, which ends every session, and tokens of the account are gone.
        A site adds its own. Everything is staged on the draft or done to the database inside the
        transaction.
        """
        keeps = self.connection.keeps_passwords and unit.target.has_usable_password()
        if not keeps:
            self.close_password(unit)
        end_credentials(unit.target)

    def reactivate(self, unit: UnitOfWork) -> None:
        """What the return of an account means beside its column: nothing is given back."""

    def after_save(self, unit: UnitOfWork) -> None:
        if unit.changed("userName"):
            names.claim(unit)
        if unit.is_new and (tenant := self.connection.tenant) is not None:
            self.place(unit, tenant)

    @staticmethod
    def _refuse_locked(unit: UnitOfWork) -> None:
        """The second request is as dangerous as the first: a new e-mail resets a password."""
        for path in LOCKED:
            if unit.changed(path):
                raise Mutability(f"{path}: is locked until an admin confirms the link")

    def _reserve_name(self, unit: UnitOfWork) -> None:
        """Make sure that the name is free. Raises Uniqueness, the same whoever holds it."""
        name = unit.target.get_username()
        for other in [user for user in self.conflicts(name) if user.pk != unit.target.pk]:
            if not self.was_released(other):
                raise names.taken(name)
            self.release_username(other)

    def conflicts(self, name: str) -> list[Any]:
        """Who bears a name: asked once by a creation that looks for a former account first."""
        if name not in self.users_with_name:
            self.users_with_name = names.conflicts([name])
        return self.users_with_name[name]

    #: The bearers of names that were looked up already.
    users_with_name: Mapping[str, list[Any]] = MappingProxyType({})

    @staticmethod
    def close_password(unit: UnitOfWork) -> None:
        """No password works. A new unusable one also ends every session (its hash changes)."""
        user = unit.target
        if not stock.has(type(user), "password"):
            return
        field = user._meta.get_field("password")
        old = user.password
        user.set_unusable_password()
        closed, user.password = user.password, old
        unit.set((), field, closed, "")

    # Leavers

    def delete(self, link: Any) -> list[Change]:
        """End the account as the connection's policy says; to SCIM it is gone either way."""
        if self.connection.deletion == Connection.Deletion.DELETE and not link.preexisting:
            guarding.count_removal(self, "accounts", 1, link.created)
            return super().delete(link)
        end_memberships(self, link)
        unit = self.unit_of_work(link)
        if not self.is_held(link.target_id, link.pk):
            active = self.declaration().by_path.get("active")
            if isinstance(active, Field):
                unit.set(active.relations, active.field, False, "active")
            if not unit.changed("active"):
                self.deactivate(unit)
        unit.save()
        link.former_target_key, link.target = str(link.target_id), None
        link.save(update_fields=["former_target_key", "target"])
        kinds = kinds_of(unit) - {ChangeKind.UPDATED} | {ChangeKind.DELETED}
        announce(self, link, unit.target, kinds, unit.changes)
        return unit.changes

    def was_released(self, user: Any) -> bool:
        """Whether this connection deleted the account, and nobody has taken it up since."""
        return (
            not self._is_active(user)
            and not is_password_usable(user.password)
            and not any(getattr(user, name) for name in self._privileges())
            and not self.is_held(user.pk)
            and self._tombstones(user).exists()
        )

    def _is_active(self, user: Any) -> bool:
        active = self.declaration().by_path.get("active")
        if isinstance(active, Field) and not active.relations:
            return bool(getattr(user, active.field.attname))
        # AbstractBaseUser's own True, where there is no column, says nothing of this account.
        return type(user).is_active is not True and bool(user.is_active)

    def _tombstones(self, user: Any) -> Any:
        return self.link._default_manager.filter(
            connection=self.connection, target=None, former_target_key=str(user.pk)
        )

    def find_former_account(self, values: Assigned) -> Any:
        """The same userName with the same externalId is the same person come back."""
        given = {str(path): value for path, value in values.items()}
        external_id = given.get("externalId")
        if not external_id:
            return None
        name = str(given.get("userName"))
        for user in (each for each in self.conflicts(name) if names.has_name(each, name)):
            last = self._tombstones(user).order_by("-pk").first()
            if last and last.external_id == external_id and self.was_released(user):
                return user
        return None

    def revive(self, unit: UnitOfWork) -> None:
        """Who comes back can sign in again, unless the body says otherwise."""
        active = self.declaration().by_path.get("active")
        if isinstance(active, Field) and active.is_unassigned(unit):
            active.stage(unit, Operation("replace", active.path, None, True))

    def release_username(self, user: Any) -> None:
        """Free the name of a deleted account for another person."""
        setattr(user, user.USERNAME_FIELD, names.with_suffix(user.get_username(), type(user)))
        user.save(update_fields=[user.USERNAME_FIELD])
