"""One optional integration a file, inert where its package is absent."""
