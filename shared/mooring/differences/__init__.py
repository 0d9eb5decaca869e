"""Where desired and live may differ, and how their difference is shown.

`rules` says which fields of an object are not compared, `ignoring` takes them out, `sending` leaves them out of what is
applied, `settle` decides what remains to be called drift, and `readable` writes a difference down for people, without
a Secret's values. Nothing here speaks to a cluster or keeps anything; the one thing outside this process is the jq
evaluator that `expressions` starts where an owner uses jq.
"""
