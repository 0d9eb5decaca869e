"""Prints a SAM template as the CloudFormation that AWS would make of it, as JSON. Run in the environment .venv-sam.

cfn-lint sees through some mistakes only after the transform. The managed policies that AWS would be asked for are
answered with none: the template uses none.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from samcli.yamlhelper import yaml_parse  # type: ignore[import-not-found]
from samtranslator.translator.transform import transform  # type: ignore[import-not-found]


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def main(path: Path) -> None:
    """Transforms the file, with the defaults of its parameters."""
    template = yaml_parse(path.read_text())
    parameters = {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}
    for resource in template["Resources"].values():
        # `sam package` puts code into a bucket; the transform refuses anything else.
        for key in ("CodeUri", "ContentUri"):
            if key in resource["Properties"]:
                resource["Properties"][key] = "s3://bucket/key"
    json.dump(transform(template, parameters, _NoManagedPolicies()), sys.stdout, indent=2, sort_keys=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
