"""What forges tell us: each verified as its provider signs, all of it said in the same few words. Pure.

A delivery is an HTTP request that anybody can make, so nothing in it is read before it is verified, but for the headers
that say who claims to have sent it (`recognising`). Each provider has a module with a `Provider` in it; what it tells
is in `happenings`: branches and tags that moved, pull requests, a ping. Nothing else of a payload is read.
"""
