"""Every text of the models that a user sees can be translated, and the catalogues are complete."""

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from gettext import GNUTranslations
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.utils.functional import Promise

from django_scim import connections
from django_scim.audit.explanations import explain
from django_scim.models import Event

from . import catalogues
from .catalogues import CATALOGUES, PACKAGE, PLACEHOLDERS

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


# The catalogues


def messages(language):
    """Return the messages of a language without the header."""
    return catalogues.read(CATALOGUES[language])[1:]


def translations_of(path):
    """Return the translations in a .po file by message."""
    return {each.key: each.translations for each in catalogues.read(path)[1:]}


def test_german_is_there():
    assert len(messages("de")) > 600


@pytest.mark.parametrize("language", CATALOGUES)
def test_header(language):
    header = catalogues.read(CATALOGUES[language])[0].translations[0]
    assert f"\nLanguage: {language}\n" in header and "charset=UTF-8" in header
    assert "YEAR" not in header and "PACKAGE" not in header


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_message_is_translated(language):
    header = catalogues.read(CATALOGUES[language])[0].translations[0]
    forms = int(re.search(r"nplurals=(\d)", header)[1])
    for each in messages(language):
        assert not each.is_fuzzy and all(each.translations), each
        assert len(each.translations) == (forms if each.plural else 1), each


@pytest.mark.parametrize("language", CATALOGUES)
def test_translations_keep_placeholders_and_tags(language):
    def parts(text):
        return sorted(PLACEHOLDERS.findall(text))

    for each in messages(language):
        for translation in each.translations:
            assert parts(translation) == parts(each.text), each
        assert not each.plural or parts(each.plural) == parts(each.text), each


@pytest.mark.parametrize("language", CATALOGUES)
def test_translations_keep_the_punctuation_at_both_ends(language):
    """A blank or full stop at the end matters where the code joins texts."""
    for each in messages(language):
        for translation in each.translations:
            assert translation == translation.strip(), each
            assert translation.endswith(".") == each.text.endswith("."), each


def test_german_has_german_quotation_marks():
    for each in messages("de"):
        for translation in each.translations:
            assert not set("\"'”’‘") & set(translation), each
            assert re.findall("[„“]", translation) == ["„", "“"] * translation.count("„"), each


@pytest.mark.parametrize("language", CATALOGUES)
def test_shared_messages_have_the_translation_of_django(language):
    """All apps share their messages: the site's "Delete" must not change its meaning."""
    for path in Path(django.__file__).parent.glob(f"**/locale/{language}/LC_MESSAGES/django.po"):
        theirs = translations_of(path)
        for key, ours in translations_of(CATALOGUES[language]).items():
            assert theirs.get(key, ours) == ours, (key, path)


@pytest.mark.parametrize("language", CATALOGUES)
def test_compiled_catalogue_has_the_same_content(language):
    path = CATALOGUES[language]
    with path.with_suffix(".mo").open("rb") as file:
        found = GNUTranslations(file)._catalog
    del found[""]  # some versions of msgfmt leave out a line of the header
    assert found == catalogues.compiled(messages(language))


@pytest.mark.skipif(not shutil.which("xgettext"), reason="needs gettext")
@pytest.mark.parametrize("language", CATALOGUES)
def test_catalogue_has_the_messages_of_the_code(language, tmp_path):
    copy = tmp_path / "django_scim"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("locale", "__pycache__"))
    (copy / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "--locale", language]
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)
    made = catalogues.read(copy / f"locale/{language}/LC_MESSAGES/django.po")[1:]
    assert {each.key for each in made} == {each.key for each in messages(language)}
    assert "\n#~" not in CATALOGUES[language].read_text("utf-8"), "remove obsolete messages"


def test_catalogues_are_package_data():
    config = ConfigParser(interpolation=None)
    config.read(PACKAGE.parent / "setup.cfg")
    patterns = config["options.package_data"]["django_scim"].split()
    files = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    for path in CATALOGUES.values():
        assert {path, path.with_suffix(".mo")} <= files


@pytest.mark.parametrize("language", CATALOGUES)
def test_wheel_is_checked_for_the_catalogue(language):
    script = (PACKAGE.parent / ".ci/check_wheel.py").read_text("utf-8")
    for suffix in ("po", "mo"):
        assert f'"locale/{language}/LC_MESSAGES/django.{suffix}"' in script
