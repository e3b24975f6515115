"""The product's settings, and an app that removes the guard which the environment names."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "tests.support.unguarded.apps.UnguardedConfig"]
