"""All subcommands: where each is, and what it does. Nothing of them is loaded until one is named."""

from __future__ import annotations

from typing import Final

from mooring_cli.frame import LazyGroup

__all__ = ["command"]

_COMMANDS: Final = {
    "access": ("accesspolicies:access", "who may what here"),
    "account": ("accounts:account", "who you are here, what you may, your sessions and tokens"),
    "app": ("applications:apps", "look at Applications, change and sync them"),
    "apply": ("applying:apply", "create or change Applications and what else is declared, from files"),
    "appset": ("applicationsets:sets", "generate Applications with ApplicationSets"),
    "audit": ("audit:records", "who did what, when and why; and is that so"),
    "bootstrap": ("bootstrap:bootstrap", "declare the root application, from which everything else follows"),
    "cluster": ("clusters:clusters", "the clusters that Mooring may deploy to"),
    "completion": ("completion:completion", "the script that completes words in your shell"),
    "costs": ("costs:costs", "what operations have cost"),
    "context": ("contextcommands:context", "the Moorings that you signed in to"),
    "drift": ("drifts:drifts", "changes that were made beside git"),
    "gpg": ("gpgkeys:keys", "keys that sign commits"),
    "image": ("images:images", "images that are kept up to date"),
    "login": ("contextcommands:login", "sign in to a Mooring, and keep that as a context"),
    "logout": ("contextcommands:logout", "sign out: forget the token of a context, and end its session"),
    "notifications": ("notifications:notifications", "who is told of what, and what was told"),
    "project": ("projects:projects", "what applications may do"),
    "promotion": ("promotions:promotions", "carry what is well from one Application to the next"),
    "repo": ("registrations:repos", "the repositories that need credentials"),
    "seal": ("sealing:seal", "turn Secrets into SealedSecrets"),
    "sealed-secrets": ("sealing:sealed_secrets", "the keys that SealedSecrets are opened with"),
    "settings": ("settings:settings", "what holds for every application"),
    "top": ("top:top", "the whole fleet on a terminal, as it changes"),
    "version": ("versions:version", "the version of this command"),
    "webhook": ("hooks:hooks", "the webhooks of repositories"),
}
# Argo CD's names, and what fingers type for ours.
_ALIASES: Final = {"proj": "project", "ctx": "context", "apps": "app", "clusters": "cluster", "repos": "repo"}


def command() -> LazyGroup:
    """`mooring`."""
    return LazyGroup(
        "mooring",
        _COMMANDS,
        _ALIASES,
        help="GitOps without a control plane: applications from git to Kubernetes, from stateless functions.",
        epilog="Finds a running local stack by .local/stack.json here or above, else by MOORING_URL and MOORING_TOKEN, "
        "else by the current context (`mooring login`).",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
