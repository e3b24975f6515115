"""The load tester: strangers by the thousand, who know the published contract and nothing else of the house.

No module here imports anything of the product, and none needs Django: `python -m realtime.loadtest` runs anywhere.
"""
