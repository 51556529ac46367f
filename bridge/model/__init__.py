"""What travels: data sets, content items, documents, resources, groups. Frozen, typed, no I/O."""
