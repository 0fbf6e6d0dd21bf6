"""Tokens: how a connection's client shows who it is."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from .connections import Connection

TOKEN_PREFIX = "scim_"  # nosec B105


def digest(secret: str) -> str:
    """Return what is stored of a token's secret. 256 random bits need no salt and no stretching."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class TokenQuerySet(models.QuerySet["Token"]):
    def usable(self) -> "TokenQuerySet":
        """Return the tokens that are neither revoked nor expired."""
        now = timezone.now()
        return self.filter(revoked__isnull=True).filter(
            models.Q(expires__isnull=True) | models.Q(expires__gt=now)
        )


class Token(models.Model):
    """A bearer token of a connection. The secret is shown once and stored nowhere."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="tokens")
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True, editable=False)
    revoked = models.DateTimeField(null=True, blank=True, editable=False)
    replaced_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaces", editable=False
    )

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @classmethod
    def issue(
        cls, connection: Connection, scopes: list[str], expires: datetime | None
    ) -> tuple["Token", str]:
        """Create a token and return it with its secret, which exists nowhere else."""
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
        """Note the use of the token, at most once in ``interval`` seconds."""
        if self.last_used is None or now - self.last_used > timedelta(seconds=interval):
            Token.objects.filter(pk=self.pk).update(last_used=now)
            self.last_used = now

    def permits(self, scope: str) -> bool:
        held: Any = self.scopes
        return scope in held
