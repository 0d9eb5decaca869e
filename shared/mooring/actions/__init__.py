"""What people can have done to one object beside a sync: restart, scale, suspend, promote; built in, or their own."""
