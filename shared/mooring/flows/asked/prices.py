"""What AWS takes for what Mooring uses: the one list of prices, for the API, the benchmarks and docs/cost.md.

List prices in USD as they were known in June 2026, without free tier, savings plans and taxes, of two regions. Where an
installation is in another one, those of us-east-1 are shown, and named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["AS_OF", "PRICES", "REGIONS", "priced_region"]

AS_OF: Final = "2026-06"
REGIONS: Final = ("us-east-1", "eu-central-1")

_PRICES: Final[Mapping[str, tuple[float, float]]] = {
    "Lambda, GB-second (arm64)": (0.0000133334, 0.0000133334),
    "Lambda, million requests": (0.2, 0.2),
    "DynamoDB, million read units": (0.125, 0.1525),
    "DynamoDB, million write units": (0.625, 0.7625),
    "DynamoDB, GB-month with point-in-time recovery": (0.45, 0.55),
    "SQS, million requests (FIFO)": (0.5, 0.5),
    "SQS, million requests (standard)": (0.4, 0.4),
    "S3, thousand writes": (0.005, 0.0054),
    "S3, thousand reads": (0.0004, 0.00043),
    "S3, GB-month": (0.023, 0.0245),
    "API Gateway, million requests (HTTP API)": (1.0, 1.2),
    "KMS, key and month": (1.0, 1.0),
    "KMS, ten thousand requests": (0.03, 0.03),
    "Secrets Manager, secret and month": (0.4, 0.4),
    "CloudWatch, alarm and month": (0.1, 0.1),
    "CloudWatch Logs, GB taken in": (0.5, 0.63),
    "CloudWatch Logs, GB-month": (0.03, 0.0324),
    "NAT gateway, hour": (0.045, 0.052),
    "NAT gateway, GB": (0.045, 0.052),
    "EC2 t4g.medium (2 vCPU, 4 GiB), hour": (0.0336, 0.0384),
}

PRICES: Final[Mapping[str, Mapping[str, float]]] = {
    name: dict(zip(REGIONS, each, strict=True)) for name, each in _PRICES.items()
}
"""The price of each thing by region."""


def priced_region(region: str) -> str:
    """The region whose prices are shown for one."""
    return region if region in REGIONS else REGIONS[0]
