"""Configuration: what `bridge.yaml` and the environment may say, checked before anything is done."""
