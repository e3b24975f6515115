"""The door to payments, for the pages."""
