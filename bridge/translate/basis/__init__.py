"""What every room of the translation stands on: items in the making, ids, digests, times."""
