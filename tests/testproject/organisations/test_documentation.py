"""The examples of docs/how-to/customers.md."""

import re
from pathlib import Path

from django.contrib.auth.models import Group, User

from company import models, scim
from tests.client import ScimClient

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "customers.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def normalize(code):
    """Return code without type hints and whitespace."""
    return "".join(re.sub(r": UnitOfWork|: Any| -> (?:None|bool)", "", code).split())


def test_examples(northwind):
    secrets = []
    names = {
        "organisation": northwind,
        "show_once": secrets.append,
        "user": User.objects.create(username="carl"),
        "group": Group.objects.create(name="Beta testers"),
    }
    create, relation, write_only, calls, place, give = BLOCK.findall(PAGE.read_text("utf-8"))
    exec(create, names)
    assert ScimClient(names["connection"], secrets[0]).get("/Users").status_code == 200
    exec(write_only, names)
    assert names["connection"].tokens.count() == 2
    names["connection"].tokens.get(scopes=["users:write", "groups:write"]).delete()
    exec(calls, names)
    assert not names["connection"].is_active
    assert not names["connection"].tokens.usable().exists()
    exec(give, names)
    assert names["connection"].django_scim_grouplinks.get().target == names["group"]
    for block, module in ((relation, models), (place, scim)):
        _, _, body = block.partition("\n")
        assert normalize(body) in normalize(Path(module.__file__).read_text("utf-8"))
