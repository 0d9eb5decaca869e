"""Images kept up to date: who wants it, what is to be written, and the writing."""
