"""How what has no native place is carried: a guarded difference, in an extension or in a private element."""
