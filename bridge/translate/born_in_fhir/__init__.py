"""Documents made from resources: what their items do not say, in pieces on them, and the way back."""
