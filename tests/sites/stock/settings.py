"""Django's own user and group models."""

from tests.settings import *  # noqa: F403
