"""HTTP endpoints as tools.

    request ──▶ runner ──▶ exchange ──▶ transport ──▶ the service
       ▲          │  ▲          │
    template   repeats  oauth   answer

`request`, `template`, `answer`, `redirects`, `repeats` and `addresses` decide, as values in and values out.
`transport`, `exchange`, `oauth` and `runner` are short loops around sockets; `connections` owns what the
calls of a process share.
"""
