"""Of whom a document is, where Patients were merged, unmerged or corrected."""
