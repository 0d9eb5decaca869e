"""The DynamoDB table and the bundles in S3."""
