(** The checker for certificates about networks and residual blocks, and what it means that it accepts. *)

From Coq Require Import List ZArith QArith.
From Proof Require Import Layers Networks Streams Combinations.
From Proof.networks Require Import Collisions Composition Cells CellPairs PMatrix Orientation.
Open Scope Z_scope.

(** The evidence in a certificate about a network, rule by rule. *)
Inductive network_evidence :=
  | NetworkCollision (x y : list Q)
  | ByCellPairs (directions : list (list Q)) (cells : stream cell_item) (pairs : stream (list Z * list Z))
  | ByComposition (layers : stream layer_proof).

Definition check_network (n : nat) (K : domain) (N : list (list sloped_row)) (e : network_evidence) : outcome unit :=
  match e with
  | NetworkCollision x y => check_network_collision n K N x y
  | ByCellPairs directions cells pairs => check_cell_pairs n K N directions cells pairs
  | ByComposition layers => check_composition n K N layers
  end.

(** What a certificate with this evidence claims. *)
Definition network_claim (n : nat) (K : domain) (N : list (list sloped_row)) (e : network_evidence) : Prop :=
  match e with
  | NetworkCollision _ _ => network_collides n K N
  | ByCellPairs _ _ _ | ByComposition _ => network_injective n K N
  end.

(** What the checker accepts is true. *)
Theorem checker_of_networks_is_right : forall n K N e, check_network n K N e = Good tt -> network_claim n K N e.
Proof.
  intros n K N e H. destruct e; cbn [check_network network_claim] in *.
  - apply (check_network_collision_sound _ _ _ _ _ H).
  - apply (check_cell_pairs_sound _ _ _ _ _ _ H).
  - apply (check_composition_sound _ _ _ _ H).
Qed.

(** The same for residual blocks. *)
Inductive block_evidence :=
  | BlockCollision (x y : list Q)
  | ByPMatrix (active inactive : list Z) (blocks : stream minor_block)
  | ByOrientation (point : list Q) (circuits : stream (list (Z * Z))) (tree : stream Z).

Definition check_residual_block (n : nat) (K : domain) (f : residual_block) (e : block_evidence) : outcome unit :=
  match e with
  | BlockCollision x y => check_block_collision n K f x y
  | ByPMatrix active inactive blocks => check_p_matrix n K f active inactive blocks
  | ByOrientation point circuits tree => check_orientation n K f point circuits tree
  end.

Definition block_claim (n : nat) (K : domain) (f : residual_block) (e : block_evidence) : Prop :=
  match e with
  | BlockCollision _ _ => block_collides n K f
  | ByPMatrix _ _ _ | ByOrientation _ _ _ => block_injective n K f
  end.

Theorem checker_of_residual_blocks_is_right : forall n K f e,
  check_residual_block n K f e = Good tt -> block_claim n K f e.
Proof.
  intros n K f e H. destruct e; cbn [check_residual_block block_claim] in *.
  - apply (check_block_collision_sound _ _ _ _ _ H).
  - apply (check_p_matrix_sound _ _ _ _ _ _ H).
  - apply (check_orientation_sound _ _ _ _ _ _ H).
Qed.
