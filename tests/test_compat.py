"""The undocumented API of Django that ``django_scim.compat`` uses, on the installed Django.

If one of these tests fails on a new release, adapt the function that it names.
"""

import ast
import functools
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import CharField, F, IntegerField, Value
from django.db.models.functions import Concat, Length
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.urls import URLPattern, include, path, resolve, reverse
from django.utils.log import log_response
from rest_framework.request import Request

import django_scim
from django_scim import compat

ROOT = Path(django_scim.__file__).parent


# receivers_of


def test_receivers_of_a_sender_are_found():
    signal = Signal()

    def for_users(**kwargs):
        """Receive the signal from users only."""

    def for_all(**kwargs):
        """Receive the signal from every sender."""

    async def asynchronous(**kwargs):
        """Receive the signal asynchronously."""

    signal.connect(for_users, sender=User)
    signal.connect(for_all)
    signal.connect(asynchronous)
    assert compat.receivers_of(signal, User) == [for_users, for_all, asynchronous]
    assert compat.receivers_of(signal, Group) == [for_all, asynchronous]


def test_receivers_that_are_gone_are_not_found():
    signal = Signal()
    receiver = functools.partial(print)
    signal.connect(receiver)
    assert compat.receivers_of(signal, User) == [receiver]
    del receiver
    assert compat.receivers_of(signal, User) == []


# is_read


@pytest.mark.parametrize("request_of", [RequestFactory, AsyncRequestFactory])
def test_a_read_body_is_known(request_of):
    request = request_of().post("/", b"{}", content_type="application/json")
    assert not compat.is_read(request)
    assert request.body == b"{}"
    assert compat.is_read(request)


# compile_sql and compile_select


def test_sql_is_compiled_with_its_parameters(db):
    User.objects.create(username="amy")
    text, parameters = compat.compile_sql(User.objects.filter(username="amy").values_list("pk"))
    assert "amy" not in text and tuple(parameters) == ("amy",)
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        assert len(cursor.fetchall()) == 1


def test_compiling_runs_no_statement(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        compat.compile_sql(User.objects.all())
        compat.compile_select(User.objects.values_list("pk"))


def test_a_query_without_results_raises_empty_result_set(db):
    with pytest.raises(EmptyResultSet):
        compat.compile_sql(User.objects.none())


def test_a_select_is_compiled_with_its_converters(db):
    User.objects.create(username="amy", is_staff=True)
    rows = User.objects.values_list("username", "date_joined", "is_staff", Length("username"))
    compiled = compat.compile_select(rows.filter(username="amy"))
    with connection.cursor() as cursor:
        cursor.execute(compiled.sql, compiled.parameters)
        (found,) = cursor.fetchall()
    found = list(found)
    for index, (converters, expression) in compiled.converters.items():
        for convert in converters:
            found[index] = convert(found[index], expression, connection)
    assert tuple(found) == rows.get()


# annotation_field


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        (F("username"), CharField),
        (Length("username"), IntegerField),
        (Concat("first_name", Value(" "), "last_name"), CharField),
    ],
)
def test_the_field_of_an_annotation_is_found(expression, kind):
    rows = User.objects.annotate(value=expression)
    assert isinstance(compat.annotation_field(rows, "value"), kind)
    assert isinstance(compat.annotation_field(rows.values("value"), "value"), kind)


# AnyCasePattern


def view(request, **kwargs):
    """Answer nothing; the tests only resolve URLs."""


@pytest.fixture
def urlconf():
    pattern = compat.AnyCasePattern("Users/<scim_id>/.search")
    return (path("scim/", include([URLPattern(pattern, view, name="search")])),)


@pytest.mark.parametrize("text", ["Users/7/.search", "users/7/.SEARCH", "USERS/7/.search/"])
def test_a_route_matches_in_any_case(urlconf, text):
    match = resolve(f"/scim/{text}", urlconf)
    assert (match.func, match.kwargs) == (view, {"scim_id": "7"})


@pytest.mark.parametrize("text", ["User/7/.search", "Users/7/8/.search", "Users/7/xsearch"])
def test_another_path_does_not_match(text):
    assert compat.AnyCasePattern("Users/<scim_id>/.search").match(text) is None


def test_a_route_is_reversed_in_its_own_case(urlconf):
    assert reverse("search", urlconf, kwargs={"scim_id": "A7"}) == "/scim/Users/A7/.search"


def test_the_text_of_a_pattern_is_its_route(urlconf):
    pattern = compat.AnyCasePattern("Users/<scim_id>")
    assert str(pattern) == pattern.route == "Users/<scim_id>"
    assert resolve("/scim/users/7/.search", urlconf).route == "scim/Users/<scim_id>/.search"


# The rest of the package


#: Private in name only: Django documents them.
DOCUMENTED = {"_meta", "_state", "_base_manager", "_default_manager"}
#: Attributes of ``QuerySet.query``, which Django's documentation calls an opaque object.
OF_QUERY = re.compile(r"\.query\.(?:annotations|get_compiler|sql_with_params)\b")
MODULES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in ROOT.rglob("*.py")
    if path.name != "compat.py" and "migrations" not in path.parts
}


def own_names():
    """Return the private names that the package defines in its own modules and classes."""
    names = set()
    for source in MODULES.values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                    names.add(node.attr)
    return names


def test_no_other_module_uses_private_api():
    allowed = DOCUMENTED | own_names()
    wrong = []
    for name, source in MODULES.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute) and re.match("_[a-z]", node.attr):
                if node.attr not in allowed and not node.attr.startswith("_scim_"):
                    wrong.append(f"{name}:{node.lineno}: {node.attr}")
        wrong += [f"{name}: {found}" for found in OF_QUERY.findall(source)]
    assert not wrong


# replace_commit_hooks, mark_as_logged, make_anonymous


@pytest.mark.django_db(transaction=True)
def test_functions_that_wait_for_a_commit_are_replaced():
    called = []
    with transaction.atomic():
        transaction.on_commit(lambda: called.append("first"))
        transaction.on_commit(lambda: called.append("second"))
        compat.replace_commit_hooks("default", 1, lambda hook: lambda: called.append(hook))
    assert called[0] == "first" and callable(called[1]) and len(called) == 2


def test_a_response_that_is_marked_is_not_logged(caplog):
    for marked in (False, True):
        caplog.clear()
        response = HttpResponse(status=503)
        if marked:
            compat.mark_as_logged(response)
        log_response("%s", "unavailable", response=response, request=HttpRequest())
        assert bool(caplog.records) is not marked


def test_the_user_of_the_request_inside_is_anonymous():
    inside = HttpRequest()
    compat.make_anonymous(Request(inside))
    assert inside.user.is_anonymous
