"""Reads that pages and the API show: no writes, no locks, typed values instead of models."""
