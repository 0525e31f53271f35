"""Controls: the whole pipeline on markets whose truth is known.

    markets    what kinds of markets there are, and how strong an edge is planted
    pipeline   from bars to a panel: features, labels, and the space that is searched
    examine    one market from bars to verdict
    informed   what a trader who knows the law of the market earns by the same rule
    shuffled   what a wrong protocol would have claimed on the same markets
    campaign   many markets, in processes, resumed where they were stopped
    summary    rates with their intervals

On markets without edge a verdict of "passed" is false; on markets with a planted edge it
is what should come out. Both are counted, with the gates as everybody has them.
"""
