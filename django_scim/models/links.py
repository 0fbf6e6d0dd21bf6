"""What ties an object of the site to a connection: its SCIM id, externalId, version."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from .connections import Connection
from .fields import ExactCharField, FoldedField, ScimIdField


class AbstractLink(models.Model):
    """One object as one connection knows it. A subclass adds ``target``, the foreign key.

    ``target`` must be nullable: NULL is the tombstone, which keeps the id from ever being given
    to another resource (RFC 7643 section 3.1). ``former_target_key`` then holds the object's key.
    """

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="%(app_label)s_%(class)ss", db_index=False
    )
    scim_id = ScimIdField("SCIM id")
    external_id = ExactCharField("externalId", max_length=255, blank=True, default="")
    created = models.DateTimeField(default=timezone.now)
    last_modified = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)
    created_by_scope = models.BooleanField(
        default=False,
        editable=False,
        help_text="Made by the connection's scope; the client has not written to the object yet.",
    )
    preexisting = models.BooleanField(
        default=False,
        editable=False,
        help_text="The site had the object before: the connection can never delete it for good.",
    )
    former_target_key = ExactCharField(max_length=64, blank=True, default="", editable=False)

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
            models.Index(fields=["connection", "former_target_key"]),
        ]

    def __str__(self) -> str:
        return self.scim_id


class UserLink(AbstractLink):
    """A user of the site as a connection knows it."""

    target = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="scim_links",
        verbose_name="user",
    )
    unconfirmed = models.BooleanField(
        default=False,
        help_text="The account was the site's own before: until an admin confirms the link, the "
        "connection can change neither its user name nor its e-mail.",
    )
    active_absent = models.BooleanField(
        default=False, help_text="The client has unassigned the attribute active."
    )
    manager_value = ExactCharField(
        max_length=255,
        blank=True,
        default="",
        help_text="The manager as the client named it, until that user appears.",
    )

    class Meta(AbstractLink.Meta):
        indexes = [
            *AbstractLink.Meta.indexes,
            models.Index(fields=["connection", "manager_value"]),
        ]


class AbstractGroupLink(AbstractLink):
    """A group as a connection knows it, under the connection's own name for it.

    For a group model of the site's own, subclass it and add ``target``.
    """

    display_name = models.CharField(max_length=256, blank=True, default="")
    display_key = FoldedField(source="display_name")

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
    """A Django group as a connection knows it."""

    target = models.ForeignKey(
        "auth.Group",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="scim_links",
        verbose_name="group",
    )
