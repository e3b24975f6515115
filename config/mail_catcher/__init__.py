"""A mail server for development and tests: it takes every mail, delivers none, and shows them on a page.

A process of its own (`manage.py mail_catcher`), so that what the house sends goes over a real line to a real server,
which refuses, hangs and drops when it is told to.
"""
