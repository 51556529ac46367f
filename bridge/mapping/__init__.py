"""Declarative mappings: YAML source with marks -> checked -> compiled Mapping."""
