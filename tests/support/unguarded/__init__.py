"""A house with one of its guards removed, as a process: what the load tester must catch from outside.

Settings of a web process that a test starts, and of nothing else: DJANGO_SETTINGS_MODULE names `settings`,
UNGUARDED names the guard (guards.py). The product has no switch for any of this.
"""
