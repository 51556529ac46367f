"""Files in, files out: inputs -> run -> outputs. What `convert` calls."""
