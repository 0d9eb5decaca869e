"""Who people are, asked of the issuer that the installation trusts (OpenID Connect)."""
