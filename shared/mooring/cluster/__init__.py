"""One Kubernetes API server: how to reach it, what it serves, what lives there and how to change it.

Everything here speaks HTTP through `ApiServer`, synchronously, over a pool of warm connections, so a function can use
it from a small thread pool. Nothing here decides: what to apply, what counts as drift and what to prune is planned
elsewhere. The modules are named after what they do: `auth`, `client`, `discovery`, `apply`, `observe`, `fingerprint`,
`drift`.
"""
