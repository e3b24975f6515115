"""The one adapter to PostgreSQL's bookings and claims on the hot path: SQL of weight, one statement a file."""
