"""Reports: one self-contained HTML page per run, the same numbers as JSON, and its tables.

    inputs    what a report is made of
    curves    long series made short without losing their extremes
    prices    candles and the marks of entries and exits
    payload   everything the page shows, as one JSON document
    write     the files of one run
    outcomes  what many labelled candidates came to
    index     several runs side by side
    controls  how often the pipeline is fooled, and how often it finds; power draws the curve
    verdict   what the gates said of a candidate, as a lab report; verdict_page draws it

The page opens from disk without network; it reads and judges, it never decides.
"""
