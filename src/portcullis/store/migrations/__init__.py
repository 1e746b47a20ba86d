"""The migrations of the store, carried in the package."""
