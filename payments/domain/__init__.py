"""The rules of money, pure: facts and how they merge, what they decide, signatures, refunds."""
