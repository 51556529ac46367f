"""What nobody remembers: a ledger that was lost, an answer that was not heard."""
