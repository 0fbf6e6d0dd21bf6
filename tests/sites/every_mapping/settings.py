from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = ["tests.sites.every_mapping.apps.EveryMappingConfig", *INSTALLED_APPS]
DJANGO_SCIM = {
    "ADAPTERS": {
        "User": "tests.sites.every_mapping.adapters.AcmeUserAdapter",
        "Group": "tests.sites.every_mapping.adapters.SquadAdapter",
        "Device": "tests.sites.every_mapping.adapters.DeviceAdapter",
        "Badge": "tests.sites.every_mapping.adapters.BadgeAdapter",
    }
}
