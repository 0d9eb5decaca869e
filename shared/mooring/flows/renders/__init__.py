"""From commits to bundles: the function `render`, and what an application reads at which revision."""
