"""Reports: sums over bookings and claims, made by PostgreSQL from one snapshot, a section at a time."""
