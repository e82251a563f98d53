"""The stages, a module each: paths first, then what params.yaml decides; nothing is returned or printed."""
