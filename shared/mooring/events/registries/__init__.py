"""What registries of images tell: something was pushed."""
