from django.http import HttpResponse
from django.urls import include, path

from tests.urls import urlpatterns as others

urlpatterns = [
    *others,
    path("accounts/", include("allauth.urls")),
    path("me/", lambda request: HttpResponse(request.user.get_username())),
]
