"""The question "is this layer injective?" in the languages of other tools.

* `to_smtlib`: SMT-LIB 2, linear real arithmetic (with squares on a ball), self-contained and exact: any solver for
  QF_LRA (QF_NRA) can confirm an answer of exactinj (for n up to about 5; they are slow here).
* `to_vnnlib`: VNN-LIB 2.0, two copies of one network with equal outputs and different inputs. The
  weights are in the network file that goes with it, not in the query.

In both, ``sat`` means *not* injective.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from exactinj.domains import Domain
from exactinj.errors import InputError
from exactinj.exact.matrix import primitive_vector
from exactinj.exact.numbers import integer_text, rational_text
from exactinj.layers.dense import ReLULayer

__all__ = ["to_smtlib", "to_vnnlib"]

SMTLIB_HEAD = """\
; Is x -> ReLU(W x + b) injective on {domain}?  m = {m}, n = {n}, sha256 of W and b {digest}
;
; sat:   NOT injective; x and x + eps v have the same output for every small enough eps > 0
; unsat: injective
;
; Stated is the collision criterion: some x in the interior of the domain and some v != 0 have
; <w_i, v> = 0 or <w_i, x> + b_i < 0 for every row i. All numbers are exact. As v may be scaled, v != 0 is
; stated as: some v_j = 1.
(set-info :smt-lib-version 2.6)
(set-option :produce-models true)
(set-logic {logic})
"""

VNNLIB_HEAD = """\
; Is x -> ReLU(W x + b) injective on {domain}?  m = {m}, n = {n}, sha256 of W and b {digest}
;
; sat:   NOT injective; X and U are different inputs with the same output
; unsat: injective
;
; f is the network of this one layer: a linear map with bias and a ReLU, input 1 x {n}, output 1 x {m}. Give its
; model file to the verifier; the query holds no weights. The question is about real arithmetic.
(vnnlib-version <2.0>)
"""


def to_smtlib(layer: ReLULayer, domain: Domain) -> str:
    """The collision form as an SMT-LIB 2 script; satisfiable exactly if not injective.

    The logic is QF_LRA, or QF_NRA on a domain with a ball.

    >>> from exactinj.domains import RealSpace
    >>> text = to_smtlib(ReLULayer([["1/2", -1]], b=[3]), RealSpace())
    >>> [line for line in text.splitlines() if line.startswith("(assert")][0]
    '(assert (or (= (+ (* (/ 1 2) v0) (* (- 1) v1)) 0) (< (+ (* (/ 1 2) x0) (* (- 1) x1) 3) 0)))'
    """
    domain = domain.for_dimension(layer.n)
    x, v = ([f"{name}{j}" for j in range(layer.n)] for name in "xv")
    return _script(SMTLIB_HEAD, layer, domain, _smtlib_lines(layer, domain, x, v))


def _smtlib_lines(layer: ReLULayer, domain: Domain, x: list[str], v: list[str]) -> Iterator[str]:
    for name in (*x, *v):
        yield f"(declare-fun {name} () Real)"
    yield "; the rows of the layer"
    for weights, (offset,) in zip(layer.W.texts(), layer.b.texts(), strict=True):
        numbers = list(map(_smtlib_number, weights))
        zero = f"(= {_smtlib_sum(numbers, v)} 0)"
        yield f"(assert (or {zero} (< {_smtlib_sum(numbers, x, _smtlib_number(offset))} 0)))"
    yield f"; x in the interior of {domain.text}"
    for row in domain.halfspaces(layer.n):
        *gradient, constant = [_smtlib_rational(Fraction(value)) for value in row]
        yield f"(assert (< {_smtlib_sum(gradient, x, constant)} 0))"
    if domain.ball is not None:
        center = domain.ball.interior_point(layer.n)
        offsets = [f"(- {name} {_smtlib_rational(c)})" if c else name for name, c in zip(x, center, strict=True)]
        squares = " ".join(f"(* {offset} {offset})" for offset in offsets)
        yield f"(assert (< (+ {squares} 0) {_smtlib_rational(domain.ball.radius**2)}))"
    yield "; v != 0"
    yield _any_of([f"(= {name} 1)" for name in v])
    yield "(check-sat)"
    yield f"; after sat: (get-value ({' '.join((*x, *v))}))"


def _smtlib_sum(coefficients: Sequence[str], names: Sequence[str], constant: str = "0") -> str:
    terms = [f"(* {a} {name})" for a, name in zip(coefficients, names, strict=True) if a != "0"]
    if constant != "0" or not terms:
        terms.append(constant)
    return terms[0] if len(terms) == 1 else f"(+ {' '.join(terms)})"


def _smtlib_rational(value: Fraction) -> str:
    return _smtlib_number(rational_text(value))


def _smtlib_number(text: str) -> str:
    """``3``, ``(- 3)``, ``(/ 1 2)`` or ``(/ (- 1) 2)``, the coefficients that QF_LRA has, for a rational's text."""
    size, bar, denominator = text.removeprefix("-").partition("/")
    signed = f"(- {size})" if text.startswith("-") else size
    return f"(/ {signed} {denominator})" if bar else signed


def to_vnnlib(layer: ReLULayer, domain: Domain) -> str:
    """The definition of injectivity as a VNN-LIB 2.0 query; satisfiable exactly if not injective.

    >>> from exactinj.domains import RealSpace
    >>> text = to_vnnlib(ReLULayer([[1], [2]]), RealSpace())
    >>> [line for line in text.splitlines() if line.startswith("(assert")]
    ['(assert (== Y[0,0] V[0,0]))', '(assert (== Y[0,1] V[0,1]))', '(assert (!= X[0,0] U[0,0]))']
    """
    domain = domain.for_dimension(layer.n)
    if domain.ball is not None:
        raise InputError(f"found the domain {domain.text}, which VNN-LIB cannot state; use --smtlib, or a box")
    return _script(VNNLIB_HEAD, layer, domain, _vnnlib_lines(layer, domain))


def _vnnlib_lines(layer: ReLULayer, domain: Domain) -> Iterator[str]:
    for network, relation, source, target in (("f", "", "X", "Y"), ("g", " (equal-to f)", "U", "V")):
        yield f"(declare-network {network}{relation}"
        yield f"  (declare-input {source} real [1, {layer.n}])"
        yield f"  (declare-output {target} real [1, {layer.m}])"
        yield ")"
    yield "; the same output"
    for i in range(layer.m):
        yield f"(assert (== Y[0,{i}] V[0,{i}]))"
    yield f"; from two inputs in {domain.text}"
    for row in domain.halfspaces(layer.n):
        integers = primitive_vector(row)
        if not any(integers[:-1]):
            continue  # a halfspace 0 <= h holds everywhere
        for name in ("X", "U"):
            yield f"(assert {_vnnlib_halfspace(integers[:-1], integers[-1], name)})"
    yield "; that differ"
    yield _any_of([f"(!= X[0,{j}] U[0,{j}])" for j in range(layer.n)])


def _vnnlib_halfspace(gradient: Sequence[int], constant: int, name: str) -> str:
    """``<gradient, x> + constant <= 0``, as a plain bound where it is one."""
    terms = [(a, f"{name}[0,{j}]") for j, a in enumerate(gradient) if a]
    if len(terms) == 1 and abs(terms[0][0]) == 1:
        a, variable = terms[0]
        return (
            f"(<= {variable} {_vnnlib_number(-constant)})" if a > 0 else f"(>= {variable} {_vnnlib_number(constant)})"
        )
    products = [f"(* {_vnnlib_number(a)} {variable})" for a, variable in terms]
    left = products[0] if len(products) == 1 else f"(+ {' '.join(products)})"
    return f"(<= {left} {_vnnlib_number(-constant)})"


def _vnnlib_number(value: int) -> str:
    """Constants of the type real need a point."""
    return f"{integer_text(value)}.0"


def _any_of(conditions: Sequence[str]) -> str:
    return f"(assert {conditions[0]})" if len(conditions) == 1 else f"(assert (or {' '.join(conditions)}))"


def _script(head: str, layer: ReLULayer, domain: Domain, lines: Iterator[str]) -> str:
    logic = "QF_LRA" if domain.ball is None else "QF_NRA"
    text = head.format(domain=domain.text, m=layer.m, n=layer.n, digest=layer.digest, logic=logic)
    return text + "\n".join(lines) + "\n"
