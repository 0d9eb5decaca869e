"""ApplicationSets: from generators and a template to applications, and what that would change."""
