"""Links between the site's objects and connections: SCIM id, externalId and version."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connections import Connection
from .fields import ExactCharField, FoldedField, ScimIdField


class AbstractLink(models.Model):
    """One object as a resource of one connection. A subclass adds ``target``, the foreign key.

    ``target`` must be nullable. A link whose target is NULL is a tombstone: it prevents its SCIM
    id from being reused for another resource (RFC 7643 section 3.1), and keeps the primary key of
    the former target in ``former_target_key``. The other columns keep their values: a revived
    account gets the restrictions that its last link had.
    """

    connection = models.ForeignKey(
        Connection,
        models.CASCADE,
        related_name="%(app_label)s_%(class)ss",
        db_index=False,
        verbose_name=_("connection"),
    )
    scim_id = ScimIdField(_("SCIM id"))
    external_id = ExactCharField(_("externalId"), max_length=255, blank=True, default="")
    created = models.DateTimeField(_("created"), default=timezone.now)
    known_since = models.DateTimeField(
        _("known since"),
        null=True,
        editable=False,
        help_text=_(
            "When the connection first had an account that it deleted and got back, if that was "
            "before the link was created."
        ),
    )
    last_modified = models.DateTimeField(_("last modified"), default=timezone.now)
    version = models.PositiveIntegerField(_("version"), default=1)
    created_by_scope = models.BooleanField(
        _("created by scope"),
        default=False,
        editable=False,
        help_text=_(
            "The link exists because of the connection's scope; the client has not written to "
            "the object yet."
        ),
    )
    granted_by_scope = models.BooleanField(
        _("granted by scope"),
        default=False,
        editable=False,
        help_text=_(
            "The connection got the object by its scope, and no admin has assigned it, even if the "
            "client has written to it. It loses the object if the scope becomes own."
        ),
    )
    preexisting = models.BooleanField(
        _("preexisting"),
        default=False,
        editable=False,
        help_text=_(
            "The object is older than the link: the connection can never delete it permanently."
        ),
    )
    former_target_key = ExactCharField(
        _("former target key"), max_length=64, blank=True, default="", editable=False
    )
    release_digest = models.CharField(
        _("release digest"),
        max_length=64,
        blank=True,
        default="",
        editable=False,
        help_text=_(
            "A digest of the account when the client deleted it, while this deletion is the last "
            "that any connection or admin did with the account. Without it, the client cannot get "
            "the account back."
        ),
    )
    unassigned = models.BooleanField(
        _("unassigned"),
        default=False,
        editable=False,
        help_text=_(
            "An admin took the object from the connection, or withdrew the scope that granted it: "
            "only an admin can return it."
        ),
    )
    privileged = models.BooleanField(
        _("privileged"),
        default=False,
        editable=False,
        help_text=_(
            "An admin allows the connection to change the members of the object even while it has "
            "permissions."
        ),
    )

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "target"], name="%(app_label)s_%(class)s_once"
            )
        ]
        indexes = [
            models.Index(fields=["connection", "id"]),
            models.Index(fields=["connection", "external_id"]),
            models.Index(fields=["former_target_key", "connection"]),
        ]

    def __str__(self) -> str:
        return self.scim_id

    def detach(self, release_digest: str = "") -> None:
        """Make the link a tombstone, and save it."""
        link: Any = self  # subclasses add the field ``target``
        link.former_target_key, link.target = str(link.target_id), None
        link.release_digest = release_digest
        link.save(update_fields=["former_target_key", "target", "release_digest"])

    @classmethod
    def end_releases(cls, keys: Iterable[Any]) -> None:
        """Forget earlier deletions of objects, given their primary keys.

        Call this whenever a connection gets or loses an account, so that only the last deletion
        of an account has a digest.
        """
        released = cls._default_manager.exclude(release_digest="")
        released.filter(former_target_key__in=map(str, keys)).update(release_digest="")


class UserLink(AbstractLink):
    """A user of the site as a resource of a connection."""

    target = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="scim_links",
        verbose_name=_("user"),
    )
    unconfirmed = models.BooleanField(
        _("unconfirmed"),
        default=False,
        help_text=_(
            "The connection adopted an existing account, or revived one that has permissions or "
            "groups from the site. It cannot change the user name or the e-mail address until an "
            "admin confirms the link."
        ),
    )
    held_inactive = models.BooleanField(
        _("held inactive"),
        default=False,
        editable=False,
        help_text=_(
            "The account was inactive, or had permissions or groups from the site, when the "
            "connection got it. It cannot activate the account until an admin confirms the link."
        ),
    )
    manager_value = ExactCharField(
        _("manager value"),
        max_length=255,
        blank=True,
        default="",
        help_text=_("The client's value for a manager who has not been provisioned yet."),
    )

    class Meta(AbstractLink.Meta):
        verbose_name = _("user link")
        verbose_name_plural = _("user links")
        indexes = [
            *AbstractLink.Meta.indexes,
            models.Index(fields=["connection", "manager_value"]),
            models.Index(fields=["connection", "unconfirmed"]),
        ]


class AbstractGroupLink(AbstractLink):
    """A group as a resource of a connection, with the connection's own display name for it.

    To provision another group model, subclass this and add ``target``.
    """

    display_name = models.CharField(_("display name"), max_length=256, blank=True, default="")
    display_key = FoldedField(_("display key"), source="display_name")

    class Meta(AbstractLink.Meta):
        abstract = True
        constraints = [
            *AbstractLink.Meta.constraints,
            models.UniqueConstraint(
                fields=["connection", "display_key"], name="%(app_label)s_%(class)s_display"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.scim_id


class GroupLink(AbstractGroupLink):
    """A Django group as a resource of a connection."""

    target = models.ForeignKey(
        "auth.Group",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="scim_links",
        verbose_name=_("group"),
    )

    class Meta(AbstractGroupLink.Meta):
        verbose_name = _("group link")
        verbose_name_plural = _("group links")
