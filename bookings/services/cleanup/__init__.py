"""Clean-up: what is of no use any more is removed, a batch at a time, by rules that each app registers."""
