from django.urls import include, path

from tests.urls import urlpatterns as others

urlpatterns = [*others, path("oauth/", include("oauth2_provider.urls"))]
