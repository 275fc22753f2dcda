"""Does an IPAM service keep its word while its parts are being killed?

Many clients allocate and release addresses and write down, on one clock, what they asked, when,
and what they were told (`history`). When all is quiet again, what the service then says that it
holds is written down too. The judge (`checker`) reads only this, so it is independent of the
service: to try another one, write an adapter of about 30 lines (`adapter.Ipam`) and let `clients`
run on it.

    python -m tools.ipamcheck HISTORY      # judges a history; exits 1 if it finds something

Nothing but Python's library is needed. The idea is that of Jepsen (https://jepsen.io): an operation
is invoked, and then it is ok, it failed, or nobody knows (info).
"""
