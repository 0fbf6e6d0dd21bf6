"""Single sign-on with django-allauth: provisioned people get their accounts at the first sign-in.

To use it, set ``SOCIALACCOUNT_ADAPTER = "django_scim.contrib.allauth.SocialAccountAdapter"``, and
enter the provider of each connection on its page. See docs/how-to/single-sign-on.md.
"""

import logging
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from .. import signals
from ..connections import user_for
from ..models import SingleSignOn, UserLink, fold_key

logger = logging.getLogger("django_scim")


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """An allauth adapter that signs people in to the accounts that a connection provisioned.

    A provider that no connection names works as without this adapter.
    """

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        """Let a sign-in through a connection's provider use the provisioned account."""
        super().pre_social_login(request, sociallogin)
        sign_on = sign_on_of(sociallogin)
        is_connecting = sociallogin.state.get("process") == AuthProcess.CONNECT
        if sign_on is not None and not is_connecting:
            _use_provisioned_account(request, sociallogin, sign_on)

    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        """Return whether a person without a provisioned account may create one.

        Never if the account of a connection has the person's user name or e-mail address.
        """
        sign_on = sign_on_of(sociallogin)
        if sign_on is not None and not (
            sign_on.allow_sign_up and not _has_namesake(sociallogin, sign_on)
        ):
            return False
        return bool(super().is_open_for_signup(request, sociallogin))

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        """Never find accounts by e-mail for the provider of a connection."""
        return sign_on_of(login) is None and bool(super().can_authenticate_by_email(login, email))


def sign_on_of(sociallogin: Any) -> SingleSignOn | None:
    """Return the settings of the connection whose provider a sign-in came through, or None."""
    found = SingleSignOn.objects.filter(provider=sociallogin.account.provider)
    return found.select_related("connection").first()


def _use_provisioned_account(request: Any, sociallogin: Any, sign_on: SingleSignOn) -> None:
    claims = _claims(sociallogin.account)
    subject = str(sociallogin.account.uid)
    user = user_for(
        sign_on.connection,
        external_id=claims.get(sign_on.external_id_claim, "")
        if sign_on.external_id_claim
        else subject,
        user_name=claims.get(sign_on.user_name_claim, "") if sign_on.user_name_claim else "",
    )
    if user is None or user == sociallogin.user:
        return
    if sociallogin.is_existing:
        # The subject belonged to an account that the identity provider has replaced since.
        sociallogin.account.user = sociallogin.user = user
        sociallogin.account.save(update_fields=["user"])
    elif user.is_active:
        sociallogin.connect(request, user)
    else:
        sociallogin.user = user  # allauth answers that the account is inactive
    sync_address(user, sign_on)


def _has_namesake(sociallogin: Any, sign_on: SingleSignOn) -> bool:
    """Return whether an account of the connection has the user name or e-mail of a sign-in."""
    claims = _claims(sociallogin.account)
    names = [claims.get(name, "") for name in ("preferred_username", sign_on.user_name_claim)]
    addresses = [each.email for each in sociallogin.email_addresses] + [claims.get("email", "")]
    same = Q(pk=None)
    for text in filter(None, [*names, *addresses]):
        same |= Q(target__scim_key__folded=fold_key(text))
        if column := get_user_model().EMAIL_FIELD:
            same |= Q(**{f"target__{column}__iexact": text})
    links = UserLink.objects.filter(connection=sign_on.connection, target__isnull=False)
    return links.filter(same).exists()


def _claims(account: Any) -> dict[str, str]:
    """Return the claims of a social account that are texts, by name.

    OpenID Connect stores the ID token and the user info separately; SAML stores lists.
    """
    data = dict(account.extra_data or {})
    nested = [
        data.pop(name) for name in ("userinfo", "id_token") if isinstance(data.get(name), dict)
    ]
    for each in nested:
        data |= each
    single = {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in data.items()
    }
    return {name: value for name, value in single.items() if isinstance(value, str)}


# E-mail addresses


def sync_address(user: Any, sign_on: SingleSignOn) -> None:
    """Make allauth's addresses of an account follow the one that the connection has provisioned.

    An address in the connection's domains counts as verified, unless another account has verified
    it. Other addresses of the account in these domains are removed: the identity provider no longer
    says that they belong to this person.
    """
    address = (getattr(user, user.EMAIL_FIELD, "") if user.EMAIL_FIELD else "").lower()
    own = EmailAddress.objects.filter(user=user)
    with transaction.atomic():
        for other in own.exclude(email=address):
            if sign_on.vouches_for(other.email):
                other.delete()
        if address:
            _store_address(user, address, own, is_verified=sign_on.vouches_for(address))


def _store_address(user: Any, address: str, own: Any, *, is_verified: bool) -> None:
    own.exclude(email=address).filter(primary=True).update(primary=False)
    row, _ = own.get_or_create(email=address, defaults={"user": user, "primary": True})
    if not row.primary:
        row.primary = True
        row.save(update_fields=["primary"])
    if is_verified and not row.set_verified():
        logger.warning(
            "the e-mail address of user %s is not verified: another account has it", user.pk
        )


def _follow_change(sender: Any, connection: Any, object: Any, **kwargs: Any) -> None:
    sign_on = SingleSignOn.objects.filter(connection=connection).first()
    if sign_on is None or not apps.is_installed("allauth.account"):
        return
    if object.pk is not None:
        sync_address(object, sign_on)


for each in (signals.created, signals.updated):
    each.connect(
        _follow_change, sender=get_user_model(), dispatch_uid="django_scim.contrib.allauth"
    )
