"""The ids of all system checks: the level, the title and the advice of each.

An id has one meaning and is never given to another check. docs/reference/checks.md has a section
for each id, with the same title and advice; a test compares the two.
"""

from typing import Any, NamedTuple

from django.core.checks import CheckMessage, Error, Warning


class SystemCheck(NamedTuple):
    """The meaning of an id: an error or a warning, its title, and advice for the site."""

    level: type[Error] | type[Warning]
    title: str
    advice: str


CHECKS = {
    "E001": SystemCheck(
        Error,
        "django-scim2 is installed",
        "Uninstall django-scim2, then reinstall this package: both are imported as django_scim.",
    ),
    "E002": SystemCheck(
        Error,
        "An adapter cannot be imported",
        "Correct the dotted path in the settings, or the error in the adapter's module.",
    ),
    "E003": SystemCheck(
        Error,
        "A mapping names something that the model does not have",
        "Correct the column, relation or expression of the mapping, or add it to the model.",
    ),
    "E004": SystemCheck(
        Error,
        "An attribute is in no schema",
        "Correct its path, or add the attribute to one of the adapter's schemas.",
    ),
    "E005": SystemCheck(
        Error,
        "An attribute is declared twice",
        "Declare it once: a complex attribute either as a whole or by its sub-attributes.",
    ),
    "E006": SystemCheck(
        Error,
        "A required attribute has no mapping",
        "Declare a mapping for it, or make it optional in the schema.",
    ),
    "E007": SystemCheck(
        Error,
        "A mapping does not fit its attribute",
        "Choose a mapping that fits, or correct its arguments or the attribute's schema.",
    ),
    "E008": SystemCheck(
        Error,
        "A schema is not valid",
        "Correct the schema's definition (RFC 7643 section 7).",
    ),
    "E009": SystemCheck(
        Error,
        "A reference names a resource type that is not published",
        "Publish the resource type in ADAPTERS, or name another one in to=.",
    ),
    "E010": SystemCheck(
        Error,
        "A class attribute of an adapter is missing or has the wrong type",
        "Set the class attribute that the message names; see UserAdapter for an example.",
    ),
    "E011": SystemCheck(
        Error,
        "An adapter's name is not its key in ADAPTERS",
        "Use the adapter's name as its key.",
    ),
    "E012": SystemCheck(
        Error,
        "A setting has the wrong type",
        "Give it the type that the message names; django_scim.conf.Defaults has them all.",
    ),
    "E013": SystemCheck(
        Error,
        "A connection has an adapter for a resource type that is not published",
        "Publish the resource type in ADAPTERS, or remove it from CONNECTION_ADAPTERS.",
    ),
    "E014": SystemCheck(
        Error,
        "A serializer class is not a ResourceSerializer",
        "Set serializer_class to a subclass of django_scim.api.serializers.ResourceSerializer.",
    ),
    "E015": SystemCheck(
        Error,
        "An adoption policy cannot be used",
        "Name a subclass of django_scim.adapters.accounts.adoption.AdoptionPolicy.",
    ),
    "E016": SystemCheck(
        Error,
        "An adapter is not a ResourceAdapter",
        "Name a subclass of django_scim.adapters.ResourceAdapter in the settings.",
    ),
    "E017": SystemCheck(
        Error,
        "An attribute is declared without a mapping",
        "Declare an instance of a mapping, such as Field('first_name').",
    ),
    "E018": SystemCheck(
        Error,
        "A client must not write this column",
        "Map the attribute to another column, or declare it having(mutability='readOnly').",
    ),
    "E019": SystemCheck(
        Error,
        "Two attributes are stored in the same place",
        "Store each attribute in a column, a JSON key or rows that no other attribute writes.",
    ),
    "E020": SystemCheck(
        Error,
        "An adapter has the same schema twice",
        "Remove one of the two, or give it another id.",
    ),
    "E021": SystemCheck(
        Error,
        "A required extension is not an extension of the adapter",
        "Add it to extensions, or remove it from required_extensions.",
    ),
    "E022": SystemCheck(
        Error,
        "A reference leads to objects of another model",
        "Correct the relation, or name the resource type of its objects in to=.",
    ),
    "E023": SystemCheck(
        Error,
        "A link model does not fit its adapter",
        "Derive it from AbstractLink, with a nullable foreign key target to the adapter's model.",
    ),
    "E024": SystemCheck(
        Error,
        "An endpoint cannot be used",
        "Choose an endpoint without a slash that neither SCIM nor another resource type uses.",
    ),
    "E025": SystemCheck(
        Error,
        "A setting has a value that is not allowed",
        "Correct the value; the page on settings has those that are allowed.",
    ),
    "E026": SystemCheck(
        Error,
        "A sensitive filter names an unknown attribute",
        "Name attributes in SENSITIVE_FILTERS as a filter names them, such as emails.",
    ),
    "E027": SystemCheck(
        Error,
        "An adapter of a connection changes the resource type",
        "Keep the name, endpoint and link of the adapter in ADAPTERS; change only attributes.",
    ),
    "E028": SystemCheck(
        Error,
        "A token finder cannot be used",
        "Name a function in TOKEN_FINDERS, such as django_scim.api.authentication.find_token.",
    ),
    "E029": SystemCheck(
        Error,
        "A profile cannot be used",
        "Declare it as a dict or a list, as the reference of profiles describes.",
    ),
    "E030": SystemCheck(
        Error,
        "A tenant's connection has the scope site",
        "Change the scope with django_scim.connections.set_scope, or remove the tenant.",
    ),
    "E031": SystemCheck(
        Error,
        "The reserved names of groups cannot be used",
        "Set RESERVED_GROUPS to a list of names, or to the dotted path of a list or function.",
    ),
    "E040": SystemCheck(
        Error,
        "The base URL is not a URL",
        "Write the scheme and the host, such as https://id.example.com.",
    ),
    "E041": SystemCheck(
        Error,
        "The URLconf cannot be imported",
        "Correct the dotted path in DJANGO_SCIM['URLCONF'], or remove the setting.",
    ),
    "E042": SystemCheck(
        Error,
        "The site does not use Django's groups",
        "Set DJANGO_SCIM['ADAPTERS'] = {'Group': None}, or the path of an adapter for your groups.",
    ),
    "E043": SystemCheck(
        Error,
        "The excluded accounts cannot be found",
        "Correct the Q in EXCLUDED_USERS, or the dotted path that leads to it.",
    ),
    "W001": SystemCheck(
        Warning,
        "A setting is unknown",
        "Correct or remove it: an unknown setting has no effect.",
    ),
    "W002": SystemCheck(
        Warning,
        "A new object would lack a required column",
        "Map a required attribute to the column, give it a default, or set it in before_save.",
    ),
    "W003": SystemCheck(
        Warning,
        "User names are compared without an index",
        "Add key=, the name of a FoldedField, to the mapping of userName.",
    ),
    "W004": SystemCheck(
        Warning,
        "The URLs are not included",
        "Add path('scim/', include('django_scim.urls')) to the site's URLs.",
    ),
    "W005": SystemCheck(
        Warning,
        "An attribute writes a privileged column",
        "Remove the mapping: it lets a client turn an account into an admin of the site.",
    ),
    "W006": SystemCheck(
        Warning,
        "HTTPS requests are not recognised",
        "Set SECURE_PROXY_SSL_HEADER if a proxy ends TLS, SECURE_SSL_REDIRECT otherwise.",
    ),
    "W007": SystemCheck(
        Warning,
        "SCIM is served over plain HTTP",
        "Remove ALLOW_HTTP from the settings: anyone on the way could read the tokens.",
    ),
    "W008": SystemCheck(
        Warning,
        "A new row would lack a required column",
        "Give the column a default, or map a sub-attribute to it: no hook sees these rows.",
    ),
    "W009": SystemCheck(
        Warning,
        "Deactivated users could still sign in",
        "Map active to is_active, or to a Custom that names is_active in writes.",
    ),
    "W010": SystemCheck(
        Warning,
        "A connection has an unknown profile",
        "Declare the profile in PROFILES again, or choose another one for the connection.",
    ),
    "W011": SystemCheck(
        Warning,
        "An attribute changes how people sign in",
        "Map only userName and emails to the columns with which people sign in.",
    ),
    "W012": SystemCheck(
        Warning,
        "A connection has a group with permissions that it must not change",
        "Allow it on the connection's page, unassign the group, or remove its permissions.",
    ),
    "W013": SystemCheck(
        Warning,
        "No retention period for events is set",
        "Set EVENT_RETENTION to a number of days, and run scim_prune once a day.",
    ),
    "W020": SystemCheck(
        Warning,
        "The URLs depend on the language",
        "Move the line with django_scim.urls out of i18n_patterns, to urlpatterns.",
    ),
    "W021": SystemCheck(
        Warning,
        "The version is in the URLs twice",
        "Include django_scim.urls under 'scim/': it adds v2/ itself.",
    ),
    "W022": SystemCheck(
        Warning,
        "The prefix of the URLs lacks a slash",
        "Write a slash at the end of the prefix, as in path('scim/', …).",
    ),
}


def message(code: str, text: str, *, hint: str = "", obj: Any = None) -> CheckMessage:
    """Return the message of a check, with the advice of the table unless ``hint`` is given.

    Raise KeyError for an id that is not in the table.
    """
    check = CHECKS[code]
    hint = hint or check.advice
    page = f"reference/checks.html#{code.lower()}"
    return check.level(
        text, hint=f"{hint} See {page} in the documentation.", obj=obj, id=f"django_scim.{code}"
    )
