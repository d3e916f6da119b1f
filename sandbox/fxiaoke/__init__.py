"""A FxiaoKe tenant as a local HTTP server: the face over the sandbox's ground truth."""
