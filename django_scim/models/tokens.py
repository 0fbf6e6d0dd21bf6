"""Bearer tokens, by which the client of a connection authenticates."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connections import Connection

TOKEN_PREFIX = "scim_"  # nosec B105


def digest(secret: str) -> str:
    """Return the digest under which a token's secret is stored.

    The secret has 256 random bits, so a salt or a slow hash would not make it any safer.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class TokenQuerySet(models.QuerySet["Token"]):
    def usable(self) -> "TokenQuerySet":
        """Return the tokens that are neither revoked nor expired."""
        now = timezone.now()
        return self.filter(revoked__isnull=True).filter(
            models.Q(expires__isnull=True) | models.Q(expires__gt=now)
        )


class Token(models.Model):
    """A bearer token of a connection. The secret is shown once; only its digest is stored."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="tokens", verbose_name=_("connection")
    )
    prefix = models.CharField(_("prefix"), max_length=16, editable=False)
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    expires = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    replaced_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaces",
        editable=False,
        verbose_name=_("replaced by"),
    )

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @classmethod
    def issue(
        cls, connection: Connection, scopes: list[str], expires: datetime | None
    ) -> tuple["Token", str]:
        """Create a token and return it with its secret, which is not stored."""
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        token = cls(
            connection=connection,
            prefix=secret[: len(TOKEN_PREFIX) + 6],
            digest=digest(secret),
            scopes=scopes,
            expires=expires,
        )
        token.save()
        return token, secret

    def is_usable(self, now: datetime) -> bool:
        return self.revoked is None and (self.expires is None or self.expires > now)

    def revoke(self) -> None:
        self.revoked = timezone.now()
        self.save(update_fields=["revoked"])

    def touch(self, now: datetime, interval: int) -> None:
        """Store the time of the token's use, at most once every ``interval`` seconds."""
        if self.is_due(now, interval):
            Token.objects.filter(pk=self.pk).update(last_used=now)
            self.last_used = now

    def is_due(self, now: datetime, interval: int) -> bool:
        """Return whether the time of the token's last use is older than ``interval`` seconds."""
        return self.last_used is None or now - self.last_used > timedelta(seconds=interval)

    def permits(self, scope: str) -> bool:
        granted: Any = self.scopes
        return scope in granted
