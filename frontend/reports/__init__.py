"""The staff's reports as people read them: pages with charts, CSV and PDF. The sums are bookings' and payments'."""
