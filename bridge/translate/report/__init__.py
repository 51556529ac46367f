"""The account of a translation: what became of each element, by which rule, and what is odd."""
