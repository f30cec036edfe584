"""Deciding a residual block: samples propose pairs, minors prove injectivity, cells decide the rest.

If all principal minors of ``M = I + A B`` are positive, the block is injective on every domain. If not, and A has full
row rank, every set of units is active somewhere on R^n, so that it folds or loses a direction there. Otherwise the sets
of units that are active at once matter (`docs/mathematics.md`, residual blocks).
"""

from __future__ import annotations

from fractions import Fraction

from flint import fmpz_mat

from exactinj.certificates.collision import Collision
from exactinj.certificates.p_matrix import PMatrixProof
from exactinj.domains import Domain, RealSpace
from exactinj.exact.matrix import RationalMatrix
from exactinj.injectivity.residual.answer import ResidualAnswer
from exactinj.injectivity.residual.cells import MOST_CELLS, CellSearch, TooManyCellsError
from exactinj.injectivity.residual.p_matrix import BadMinor, TooManyMinorsError, Work, p_matrix, p_matrix_at_once
from exactinj.injectivity.residual.pairs import Folds
from exactinj.injectivity.residual.reduction import Reduction, reduction
from exactinj.injectivity.residual.samples import bad_minor_by_descent, collision_by_samples
from exactinj.injectivity.result import Result, residual_result
from exactinj.layers.residual import ResidualBlock
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["certify_residual", "decide_residual"]

TURNS = "the block folds: two cells have Jacobians with determinants of different sign, or one has determinant 0"
WINDS = "the block keeps its orientation but winds around: one value is taken twice"
ONLY_OUTSIDE = (
    "the block keeps its orientation on this domain, but inputs outside of it collide; whether two inputs of the "
    "domain do is not decided by orientation; pairs of cells decide small blocks, in Python: "
    "certify(block.network(), domain=...)"
)
MOST_NAMED = 12  # units in a sentence
SMALL = 12  # hidden units, whose minors are looked at before samples


def certify_residual(block: ResidualBlock, domain: Domain, clock: Clock, seed: int) -> Result:
    """What users get for a block: the answer of `decide_residual` with its certificate."""
    return residual_result(block, domain, decide_residual(block, domain, clock, seed))


def decide_residual(block: ResidualBlock, domain: Domain, clock: Clock, seed: int) -> ResidualAnswer:
    """A verdict with its proof; ``timed_out`` where time ran out, ``unknown`` with a reason."""
    work = Work()
    try:
        return _decide(Folds(block, domain), clock, seed, work)
    except OutOfTimeError:
        done = f"{work.nodes:,} Schur complements and {work.minors:,} minors were looked at"
        return ResidualAnswer(
            Verdict.TIMED_OUT, f"out of time: {done}; give a longer --timeout", None, _stats(clock, work)
        )


def _decide(folds: Folds, clock: Clock, seed: int, work: Work) -> ResidualAnswer:
    reduced = reduction(folds.block, folds.domain)
    proof = None if reduced is None else p_matrix_at_once(reduced, clock, work)
    if proof is not None:
        return _positive(proof, clock, work)
    every_sign = isinstance(folds.domain, RealSpace) and folds.has_every_sign
    if not (every_sign and folds.block.k <= SMALL):
        found = bad_minor_by_descent(folds, clock, seed) if every_sign else None
        pair = _at_every_sign(folds, found) if found is not None else collision_by_samples(folds, clock, seed)
        if pair is not None:
            return _collides(pair, TURNS if found is None else _no_p_matrix(found, None), clock, work)
    return _by_minors(folds, reduced, clock, work, every_sign=every_sign)


def _by_minors(
    folds: Folds, reduced: Reduction | None, clock: Clock, work: Work, *, every_sign: bool
) -> ResidualAnswer:
    """By the tree of Schur complements; what it leaves open by the cells."""
    if reduced is None:
        return _by_cells(folds, clock, work, "the units that are active on the whole domain alone have the minor 0")
    try:
        found = p_matrix(reduced, clock, work)
    except TooManyMinorsError:
        return _by_cells(folds, clock, work, "whether I + AB is a P-matrix would take more than 2^22 minors")
    if isinstance(found, PMatrixProof):
        return _positive(found, clock, work)
    pair = _at_every_sign(folds, found) if every_sign else None
    if pair is not None:
        return _collides(pair, _no_p_matrix(found, reduced), clock, work)
    return _by_cells(folds, clock, work, _no_p_matrix(found, reduced))


def _positive(proof: PMatrixProof, clock: Clock, work: Work) -> ResidualAnswer:
    fixed = len(proof.active) + len(proof.inactive)
    about = f", {_taken_out(fixed)}," if fixed else ""
    if not proof.blocks:
        reason = "all units keep their sign on the domain, where the block is affine, one-to-one"
    else:
        reason = f"all principal minors of I + AB{about} are positive{_how(proof)}"
    return ResidualAnswer(Verdict.INJECTIVE, reason, proof, _stats(clock, work))


def _by_cells(folds: Folds, clock: Clock, work: Work, start: str) -> ResidualAnswer:
    """By the cells that there are on the domain, and if that leaves it open, by those of R^n."""
    try:
        here = CellSearch(folds, clock)
        pair = here.collision()
        if pair is not None:
            return _collides(pair, TURNS, clock, work)
        everywhere = here
        if not isinstance(folds.domain, RealSpace):
            everywhere = CellSearch(Folds(folds.block, RealSpace()), clock)
            pair = everywhere.collision()
        proof = pair or everywhere.proof()
    except TooManyCellsError:
        reason = f"{start}; the block has more than {MOST_CELLS:,} cells, which are not looked at one by one"
        return ResidualAnswer(Verdict.UNKNOWN, reason, None, _stats(clock, work))
    work.nodes += len(everywhere.cells)
    if isinstance(proof, Collision):
        return _by_a_pair_of_space(folds, proof, clock, work, start)
    cells = f"the block keeps its orientation on all of its {len(everywhere.cells):,} cells"
    reason = f"{start}, but {cells}, and one value in general position is taken once"
    return ResidualAnswer(Verdict.INJECTIVE, reason, proof, _stats(clock, work))


def _by_a_pair_of_space(folds: Folds, pair: Collision, clock: Clock, work: Work, start: str) -> ResidualAnswer:
    """From a pair of R^n, of a block that keeps its orientation on the domain, to one of the domain, if it can be."""
    moved = folds.scaled_inside(pair)
    if moved is not None:
        return _collides(moved, WINDS, clock, work)
    return ResidualAnswer(Verdict.UNKNOWN, f"{start}; {ONLY_OUTSIDE}", None, _stats(clock, work))


def _collides(pair: Collision, why: str, clock: Clock, work: Work) -> ResidualAnswer:
    return ResidualAnswer(Verdict.NOT_INJECTIVE, f"{why}; a pair was computed exactly", pair, _stats(clock, work))


def _stats(clock: Clock, work: Work) -> Statistics:
    return Statistics(nodes=work.nodes, pivots=work.minors, proven_in_rationals=work.exact, seconds=clock.worked)


def _how(proof: PMatrixProof) -> str:
    """The kinds of evidence."""
    kinds = {type(token).__name__ for block in proof.blocks for token in block.tokens}
    words = {
        "Dominant": "scaled diagonal dominance",
        "Definite": "a scaled symmetric part that is positive definite",
        "Split": "Schur complements",
        "Minors": "all minors one by one",
    }
    if kinds == {"Minors"} and all(len(block.rows) == 1 for block in proof.blocks):
        return ": the matrix is triangular, and its diagonal is positive"
    return ": " + ", ".join(text for name, text in words.items() if name in kinds)


def _at_every_sign(folds: Folds, bad: BadMinor) -> Collision | None:
    """A pair at the border of unit i, where exactly the units D are active; A has full row rank."""
    block = folds.block
    columns = _independent_columns(block.A)
    wanted = [Fraction(0) if j == bad.unit else Fraction(1 if j in bad.units else -1) for j in range(block.k)]
    right = [value - offset for value, (offset,) in zip(wanted, block.b.fractions(), strict=True)]
    square = RationalMatrix([[row[j] for j in columns] for row in block.A.raw_rows()])
    solution = square.solve(RationalMatrix([[value] for value in right])).fractions()
    point = [Fraction(0)] * block.n
    for j, (value,) in zip(columns, solution, strict=True):
        point[j] = value
    before, after = sorted(bad.units), sorted((*bad.units, bad.unit))
    if folds.orientation(after) == 0:
        return folds.lost_direction(point, after, towards=bad.unit)
    row = folds.integer_rows[bad.unit]
    v = [Fraction(0)] * block.n
    j = next(j for j, value in enumerate(row) if value)
    v[j] = Fraction(-1 if row[j] > 0 else 1)
    return folds.fold(point, before, after, v)


def _independent_columns(matrix: RationalMatrix) -> list[int]:
    """As many columns as there are rows, linearly independent; the matrix has full row rank."""
    reduced, _, rank = fmpz_mat([list(row) for row in matrix.integer_rows()]).rref()
    columns = matrix.shape[1]
    return [next(j for j in range(columns) if reduced[i, j]) for i in range(rank)]


def _no_p_matrix(found: BadMinor, reduced: Reduction | None) -> str:
    """Why minors did not settle it."""
    fixed = 0 if reduced is None else len(reduced.active) + len(reduced.inactive)
    about = f", {_taken_out(fixed)}," if fixed else ""
    return f"I + AB{about} is no P-matrix ({_not_positive(found)})"


def _taken_out(count: int) -> str:
    words = "1 unit taken out that keeps its" if count == 1 else f"{count} units taken out that keep their"
    return f"with {words} sign on the domain"


def _not_positive(found: BadMinor) -> str:
    units = sorted((*found.units, found.unit))
    named = ", ".join(map(str, units[:MOST_NAMED])) + (
        f" and {len(units) - MOST_NAMED} more" * (len(units) > MOST_NAMED)
    )
    return f"its principal minor at the unit{'s' * (len(units) > 1)} {named} is not positive"
