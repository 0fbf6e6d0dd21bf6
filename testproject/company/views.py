"""The intranet's directory of people."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .models import Membership


@login_required
def directory(request: HttpRequest) -> HttpResponse:
    """List people with the data from the identity provider, and with their devices."""
    people = (
        visible_to(request.user)
        .select_related("scim_profile", "scim_profile__manager")
        .prefetch_related("groups", "devices")
        .order_by("last_name", "first_name", "username")
    )
    if wanted := request.GET.get("department"):
        people = people.filter(scim_profile__department=wanted)
    page = Paginator(people, 50).get_page(request.GET.get("page"))
    return render(request, "company/directory.html", {"page": page, "department": wanted})


def visible_to(user: User) -> QuerySet[User]:
    """Return the active users that a user may see.

    Staff see all of them. Members of organisations see their colleagues there, and the other users
    see those who are not in an organisation.
    """
    people = User.objects.filter(is_active=True)
    if user.is_staff:
        return people
    if not user.organisations.exists():
        return people.filter(organisations=None)
    colleagues = Membership.objects.filter(organisation__in=user.organisations.all())
    return people.filter(pk__in=colleagues.values("user"))
