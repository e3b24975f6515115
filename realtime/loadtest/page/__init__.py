"""The report of a load test as one HTML file that fetches nothing: verdict, evidence, charts, and a replay.

Pure: the result document in, text out. What it shows was said by a server under test, so nothing in it is trusted.
"""

from realtime.loadtest.page.document import draw

__all__ = ("draw",)
