"""Telling people: what Argo CD Notifications reads, and the services that messages go to."""
