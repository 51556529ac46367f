"""Document <-> Group, pure. What one side has no native place for is carried as a guarded remainder, never dropped."""
