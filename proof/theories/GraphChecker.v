(** The checker for certificates about networks as graphs, and what it means that it accepts. *)

From Coq Require Import List ZArith QArith.
From Proof Require Import Layers Streams.
From Proof.networks Require Import Graphs GraphLayers GraphComposition.
Open Scope Z_scope.

(** The evidence are the layers of the rule graph-composition, in their order. What the checker accepts is true. *)
Theorem checker_of_graphs_is_right : forall K G layers, check_graph K G layers = Right tt -> graph_injective K G.
Proof. exact check_graph_sound. Qed.
