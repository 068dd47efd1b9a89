"""The minds of the embedded engine, one module or package each."""
