"""The proved checker on networks as graphs: it says what the independent checker says, word for word."""

from __future__ import annotations

import copy
import json
from random import Random

import pytest
from random_networks import as_domain, as_network, random_network
from test_checker_graphs import (
    MALFORMED,
    NETWORKS,
    certificate,
    changed,
    document_of,
    mutated,
    net,
    places,
    rules,
    with_digests,
)
from test_proved_checker import BUILD, agree, why_not_built
from wrong_rules import require_no_proof

import exactinj as xi
from exactinj import checker, provedcheck
from exactinj.layers.network import Dense, Relu, Sum, simplified
from exactinj.networks.certified_models import subject_file
from exactinj.networks.dense_chains import graph_of_dense
from exactinj.networks.graph_compositions import graph_composition
from exactinj.networks.ranges import ranges


@pytest.fixture
def check(monkeypatch):
    if reason := why_not_built():
        pytest.skip(reason)
    monkeypatch.setenv(provedcheck.VARIABLE, str(BUILD / "exactinj-proved"))
    return provedcheck.check_stream


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    if reason := why_not_built():
        pytest.skip(reason)
    return {name: certificate(name, tmp_path_factory.mktemp("scan")) for name in NETWORKS}


def word(check, document):
    """Both checkers' common answer."""
    answer = agree(check, json.dumps(document).encode())
    return answer if isinstance(answer, str) else {True: "valid", False: "rejected"}[answer[0]]


# ------------------------------------------------------------------ the proof


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "right", "wrong"),
    [
        ("GraphForms FormsOfGraphs", "let k := part_factor p + part_factor q in", "let k := part_factor p in"),
        ("GraphForms FormsOfGraphs", "place_read (mode C) (axes C) N t u", "place_read Zeros (axes C) N t u"),
        ("GraphForms FormsOfGraphs", "dense_form v (block * n) r", "dense_form v block r"),
        ("GraphIntervals EndsOfGraphs", "(option_map (leaky_at s) (low_end e))", "(low_end e)"),
        ("GraphIntervals EndsOfGraphs", "if at_most low 0 && at_most 0 high then 0%Q", "if false then 0%Q"),
        ("GraphIntervals EndsOfGraphs", "&& negb (Qnum s =? 0)) then TellsAll", ") then TellsAll"),
        ("GraphIntervals EndsOfGraphs", "if high_acts most e then Tells [] else", "if false then Tells [] else"),
        ("GraphIntervals EndsOfGraphs", "| Sigmoid => Interval (Some 0%Q)", "| Sigmoid => Interval (Some 1%Q)"),
        ("GraphLayers LayersOfGraphs", "if is_told t sign shift then", "if true then"),
        ("GraphLayers LayersOfGraphs", "if is_column set j then first_open", "if true then first_open"),
        ("GraphLayers LayersOfGraphs", "if same_rational a b then Some a", "if true then Some a"),
        ("GraphLayers LayersOfGraphs", "if at_most l a && at_most b u then", "if at_most l a then"),
        ("GraphLayers LayersOfGraphs", "if forallb snd rows then", "if true then"),
        ("Rank", "if b * s mod p =? 1 then s else 0", "s"),
        ("GraphKnown GraphComposition", "negb (signs_of (combine signs read) u =? 0)", "true"),
        ("GraphKnown GraphComposition", "if forallb (is_column set) (numbers n) then [z]", "if true then [z]"),
        ("GraphKnown GraphComposition", "forallb (fun q => negb (Qnum q =? 0)) scale", "true"),
        ("GraphKnown GraphComposition", "if member known (fst l) then", "if true then"),
        ("ConvolutionLayers", "if negb (is_among (axes C)", "if false && negb (is_among (axes C)"),
        ("ConvolutionLayers", "(part_factor p * e =? part_factor q * d) &&", "true &&"),
        ("ConvolutionLayers", "forallb (is_column set) (numbers (Z.of_nat (length columns)))", "true"),
        ("ResidualLayers", "if product m c =? e * d then", "if true then"),
        ("ResidualLayers", "if is_relu op then", "if true then"),
        ("GraphComposition", "match unknown_input P found with", "match @None Z with"),
    ],
)
def test_a_wrong_rule_has_no_proof(files, right, wrong, tmp_path):
    if reason := why_not_built():
        pytest.skip(reason)
    names = compiled_between([f"networks/{name}" for name in files.split()])
    require_no_proof(BUILD, tmp_path, names, right, wrong)


def compiled_between(names):
    """The first file, and what has to be compiled again up to the last."""
    order = [
        *("GraphForms", "FormsOfGraphs", "GraphRuns", "GraphIntervals", "EndsOfGraphs", "GraphEnds", "Rank"),
        *("GraphLayers", "LayersOfGraphs", "GraphKnown", "ResidualLayers", "ConvolutionLayers", "GraphComposition"),
    ]
    listed = [f"networks/{name}" for name in order]
    return listed[listed.index(names[0]) : listed.index(names[-1]) + 1]


# ------------------------------------------------------------------ both checkers


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_scan_proves(documents, name, check):
    assert word(check, documents[name]) == "valid"


def orientation_document():
    """Of a network with one block that is injective by its orientation."""
    block = (Dense([[2], [1], [1]], [0, 0, 1]), Relu(), Dense([[1, -1, 1]]), (Sum([1, 1]), ("x", "s2")))
    return document_of(net((1, 1), *block, Dense([[1]])))


def random_document(seed):
    """The certificate of a random graph, or None if its layers do not prove it."""
    maps, bounds = random_network(Random(seed))
    network, domain = simplified(graph_of_dense(as_network(maps))), as_domain(bounds)
    made = graph_composition(network, domain, xi.scan(network, domain=domain).layers, ranges(network, domain))
    return None if isinstance(made, str) else json.loads(made.to_bytes())


def compare_random(check, seeds):
    found = [document for document in map(random_document, seeds) if document is not None]
    assert {word(check, document) for document in found} == {"valid"}
    return len(found)


def test_random_graphs(check):
    assert compare_random(check, (2, 13, 22, 23, 25, 32, 36)) == 7


@pytest.mark.slow
def test_many_random_graphs(check):
    assert compare_random(check, range(400)) > 60


def with_changed_number(document, path, rng):
    """The same with another number, whose digests fit in most cases."""
    other = mutated(document, path, rng)
    return with_digests(other) if path[0] == "graph" and ("layer" not in path or rng.random() < 0.7) else other


def compare_changes(check, document, name, most):
    rng = Random(f"proved {name}")
    found = list(places(document))
    return [word(check, with_changed_number(document, path, rng)) for path in rng.sample(found, min(most, len(found)))]


@pytest.mark.parametrize("name", NETWORKS)
def test_changed_numbers(documents, name, check):
    assert set(compare_changes(check, documents[name], name, 10)) - {"valid"}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_all_changed_numbers(documents, name, check):
    seen = compare_changes(check, documents[name], f"all {name}", 1000)
    assert {"rejected", "unreadable"} <= set(seen)


DOMAINS = [
    {"type": "R^n"},
    {"type": "nonneg"},
    {"type": "nonneg-ball", "radius": "1"},
    {"type": "sphere", "radius": "1"},
    {"type": "ball", "center": ["0", "0"], "radius": "1"},
    {"type": "box", "lower": ["-1"] * 2, "upper": ["1"] * 2},
    {"type": "box", "lower": ["0"] * 4, "upper": ["900"] * 4},
    {"type": "polytope", "G": [["1", "0"]], "h": ["1"], "interior": ["0", "0"]},
]
PROOFS = [
    {"rule": "packing", "epsilon": None, "refuters": []},
    {"rule": "rank", "modulus": "1000003"},
    {"rule": "rank", "modulus": "6"},
    {"rule": "boxes"},
    {"rule": "flat-tree", "refuters": [], "tree": [0]},
    {"rule": "blocks", "blocks": []},
]
LISTS = [
    lambda found: found[::-1],
    lambda found: found[:-1],
    lambda found: [*found, found[0]],
    lambda found: [-k for k in found],
    lambda found: [k + 1 for k in found],
    lambda found: [k + 100 for k in found],
]


def variants(document):
    """Other claims, domains, rules and outputs; layers that are dropped, doubled, or are about something else."""
    for claim in ("not_injective", "alpha_star", "injective_if_full_spark", "stability", "injective_for_sizes"):
        yield {**document, "claim": claim}
    for domain in DOMAINS:
        yield {**document, "domain": domain}
    for rule in ("collision", "composition", "rank", "flat-tree"):
        yield {**document, "proof": {"rule": rule, "layers": []}}
    for outputs in ([0], [1], [0, 1]):
        yield with_digests(changed(document, lambda d, o=outputs: d["graph"].update(outputs=o)))
    layers = document["proof"]["layers"]
    for number, layer in enumerate(layers):
        yield changed(document, lambda d, k=number: d["proof"]["layers"].pop(k))
        yield changed(document, lambda d: d["proof"].update(layers=d["proof"]["layers"] * 2))
        yield changed(document, lambda d: d["proof"]["layers"].reverse())
        yield from (changed_layer(document, number, other) for other in changed_layers(layer, document["graph"]))


def changed_layer(document, number, layer):
    other = copy.deepcopy(document)
    other["proof"]["layers"][number] = layer
    return other


def changed_layers(layer, graph):
    for domain in DOMAINS:
        yield {**layer, "domain": domain}
    for proof in PROOFS:
        yield {**layer, "proof": proof}
    for key in {"columns", "rows"} & set(layer):
        for change in LISTS:
            yield {**layer, key: change(layer[key])}
    for key in {"output", "source", "hidden"} & set(layer):
        for value in range(len(graph["inputs"]) + len(graph["steps"]) + 1):
            yield {**layer, key: value}
    if layer["proof"]["rule"] == "rank":
        for modulus in ("2", "4", "6", "15", "60", "1000000"):
            yield {**layer, "proof": {"rule": "rank", "modulus": modulus}}


def compare_variants(check, document, name, most):
    found = list(variants(document))
    chosen = Random(f"variants {name}").sample(found, min(most, len(found)))
    return {word(check, other) for other in chosen}


@pytest.mark.parametrize("name", NETWORKS)
def test_variants(documents, name, check):
    assert "rejected" in compare_variants(check, documents[name], name, 12)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_all_variants(documents, name, check):
    assert "rejected" in compare_variants(check, documents[name], name, 10_000)


def test_blocks_by_their_orientation(check):
    document = orientation_document()
    assert rules(document) == {"orientation"}
    assert word(check, document) == "valid"
    assert set(compare_changes(check, document, "orientation", 30)) >= {"rejected"}
    assert "rejected" in compare_variants(check, document, "orientation", 30)


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_graphs(documents, name, check):
    assert word(check, changed(documents["dense"], lambda d: MALFORMED[name](d["graph"]))) == "unreadable"


def test_names_of_functions_enter_the_digest(documents, check):
    """With characters that JSON escapes; and a sigmoid is known to lie between 0 and 1, another function is not."""
    for name in ("", "\n\t\r\b\f", '"\\/', "\x00\x1f\x7f", "tanh", "a" * 1000):
        other = changed(documents["rank"], lambda d, n=name: d["graph"]["steps"][-1].update(name=n))
        assert word(check, with_digests(other)) == "valid"
    for name in ("\u00e9", "\ud800", "a" * 1001):
        other = changed(documents["rank"], lambda d, n=name: d["graph"]["steps"][-1].update(name=n))
        assert word(check, other) == "unreadable"


def test_the_model_itself(documents, check, tmp_path):
    """Given as such, not as a graph file."""
    path = tmp_path / "c.json"
    path.write_text(json.dumps(documents["moves"]))
    assert xi.check(path, NETWORKS["moves"], checker="proved").valid
    for other in (NETWORKS["dense"], xi.ReLULayer([[1]])):
        found = xi.check(path, other, checker="proved")
        assert not found.valid
        assert (found.reason, found.claim) == (xi.check(path, other).reason, "injective")


def test_the_network_it_is_about(documents, check, tmp_path):
    path = tmp_path / "c.json"
    path.write_text(json.dumps(documents["moves"]))
    assert provedcheck.check_file(path, subject_file(documents["moves"], NETWORKS["moves"], tmp_path)).valid
    other = tmp_path / "g.json"
    other.write_text(json.dumps({"graph": documents["dense"]["graph"]}))
    assert provedcheck.check_file(path, other) == said_by_the_other(path, other)
    other.write_text('{"graph": {}}')
    with pytest.raises(checker.Unreadable) as caught:
        provedcheck.check_file(path, other)
    assert caught.value.source is checker.Source.NETWORK_FILE


def said_by_the_other(path, other):
    result = checker.check_file(path, other)
    assert result.fault is checker.Reason.OTHER_NETWORK
    return checker.CheckResult(valid=result.valid, claim=result.claim, reason=result.reason)
