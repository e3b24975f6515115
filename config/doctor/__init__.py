"""The checklist of `manage.py doctor`: examination.py runs it, servers.py and house.py are what it looks at."""
