"""A stand-in for Razorpay on this machine, spoken to over HTTP exactly as the real one.

For the demo and the tests only: it is not a bank and no money moves. The rules are pure (`book`, `rules`,
`refunds`, `orders`); everything that happened is in the ledger, and the state is nothing but a fold over it.
"""
