"""What a ticket says, and its forms: a page, a PDF, a calendar entry, QR codes, and links for other devices."""
