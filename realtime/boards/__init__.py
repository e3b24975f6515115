"""Lobby boards and door displays: one live board a theatre and process, and the screens that show it."""
