"""Every text of the models that a user sees can be translated."""

import pytest
from django.apps import apps
from django.utils.functional import Promise

from django_scim import connections
from django_scim.audit.explanations import explain
from django_scim.models import Event

CONFIG = apps.get_app_config("django_scim")
MODELS = list(CONFIG.get_models())


def test_the_app_has_a_translatable_name():
    assert isinstance(CONFIG.verbose_name, Promise)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models_have_translatable_names(model):
    assert isinstance(model._meta.verbose_name, Promise)
    assert isinstance(model._meta.verbose_name_plural, Promise)


@pytest.mark.parametrize(
    "field",
    [field for model in MODELS for field in model._meta.fields if not field.auto_created],
    ids=str,
)
def test_fields_have_translatable_texts(field):
    assert isinstance(field.verbose_name, Promise)
    assert not field.help_text or isinstance(field.help_text, Promise)
    if field.name != "profile":  # profiles are settings of the site
        assert all(isinstance(label, Promise) for _, label in field.choices or ())


@pytest.mark.parametrize("status", [401, 404, 599])
def test_advice_is_a_string_in_the_active_language(status, monkeypatch):
    monkeypatch.setattr("django.utils.translation._trans.gettext", lambda text: text.upper())
    advice = explain(Event(outcome=Event.Outcome.FAILURE, status=status))
    assert type(advice) is str and advice.isupper()


def test_stored_details_are_not_translated(db, monkeypatch):
    monkeypatch.setattr("django.utils.translation._trans.gettext", lambda text: text.upper())
    connection = connections.create("Okta", actor=connections.Actor("ada"))
    connections.pause(connection, actor=connections.Actor("ada"))
    details = Event.objects.order_by("pk").values_list("detail", flat=True)
    assert list(details) == ["connection created by ada", "connection paused by ada"]
