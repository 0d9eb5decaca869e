"""Images: what registries have, which tag an application should run, and where it is written."""
