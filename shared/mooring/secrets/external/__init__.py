"""External Secrets: values that stores keep outside of git, read when an application is synced."""
