"""Writing to git what Mooring decided: values in files, as commits or pull requests, and nothing beside them."""
