"""ApplicationSets: evaluated, carried out, rolled out, previewed."""
