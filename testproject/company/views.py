"""The intranet's one page: who works here."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_required
def directory(request: HttpRequest) -> HttpResponse:
    """List the people with what the identity provider says of them, and what they keep."""
    people = (
        User.objects.filter(is_active=True)
        .select_related("scim_profile", "scim_profile__manager")
        .prefetch_related("groups", "devices")
        .order_by("last_name", "first_name", "username")
    )
    if wanted := request.GET.get("department"):
        people = people.filter(scim_profile__department=wanted)
    page = Paginator(people, 50).get_page(request.GET.get("page"))
    return render(request, "company/directory.html", {"page": page, "department": wanted})
