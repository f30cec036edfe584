"""Independent oracles for injectivity of `x -> ReLU(Wx + b)`: slow, exact, and free of the package.

| oracle | statement | method |
| --- | --- | --- |
| `brute_force_flats` | T3, all flats | integer simplex, Bland's rule |
| `smt_collision` | T2 | linear real arithmetic, z3 or cvc5 |
| `smt_direct` | the definition | linear real arithmetic, z3 or cvc5 |
| `wedges_n2` | T1 in the plane, no bias | angular sweep |

`rank` and `relation` eliminate in integers.
`is_witness`, `is_collision` and `pair_from_witness` evaluate evidence exactly.
"""

from .answer import (
    Domain,
    OracleAnswer,
    exact,
    exact_layer,
    is_collision,
    is_witness,
    pair_from_witness,
)
from .elimination import rank, relation
from .flats import brute_force_flats, flats_by_rank
from .smt import smt_collision, smt_direct
from .wedges import wedges_n2

__all__ = [
    "Domain",
    "OracleAnswer",
    "brute_force_flats",
    "exact",
    "exact_layer",
    "flats_by_rank",
    "is_collision",
    "is_witness",
    "pair_from_witness",
    "rank",
    "relation",
    "smt_collision",
    "smt_direct",
    "wedges_n2",
]
