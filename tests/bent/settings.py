from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.bent.apps.BentConfig", *INSTALLED_APPS]
DJANGO_SCIM = {
    "ADAPTERS": {
        "User": "tests.bent.adapters.AcmeUserAdapter",
        "Group": "tests.bent.adapters.SquadAdapter",
        "Device": "tests.bent.adapters.DeviceAdapter",
    }
}
