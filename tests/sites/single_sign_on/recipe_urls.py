import sys

from django.http import HttpResponse
from django.urls import include, path

from tests.urls import urlpatterns as others

recipe = sys.modules.get("single_sign_on")
urlpatterns = [
    *others,
    path("me/", lambda request: HttpResponse(request.user.get_username())),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("social/", include("social_django.urls", namespace="social")),
]
if hasattr(recipe, "consume"):
    urlpatterns += [
        path("saml/start/", recipe.start),
        path("saml/consume/", recipe.consume),
    ]
