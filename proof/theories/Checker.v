(** The checker, and what it means that it accepts. *)

From Coq Require Import List ZArith QArith.
From Proof Require Import Layers AlphaStar RealLayers Stability Streams Combinations OneLayer.
From Proof.rules Require Import Blocks DepthTree PackingNearby Gram.
Open Scope Z_scope.

(** The evidence in a certificate, rule by rule. A refuter or circuit is a list of pairs (i, lambda_i). *)
Inductive evidence :=
  | ByCollision (x y : list Q)
  | ByFlatTree (refuters : stream (list (Z * Z))) (tree : stream Z)
  | BySignSplit (circuits : stream (list (Z * Z))) (tree : stream Z)
  | ByPacking (refuters : stream (list (Z * Z)))
  | ByBlocks (blocks : stream block)
  | ByDepthTree (rows : stream depth_row)
  | ByPackingNearby (epsilon : Q) (refuters : stream (list (Z * Z) * delayed scaling))
  | ByGram (below : gram_side) (above : delayed gram_side).

Definition check (n : nat) (K : domain) (layer : list row) (e : evidence) : outcome unit :=
  match e with
  | ByCollision x y => check_rows n K layer (CollisionProof x y)
  | ByFlatTree refuters tree => check_rows n K layer (FlatTreeProof refuters tree)
  | BySignSplit circuits tree => check_rows n K layer (SignSplitProof circuits tree)
  | ByPacking refuters => check_rows n K layer (PackingProof refuters)
  | ByBlocks blocks => check_blocks n K layer blocks
  | ByDepthTree rows => check_depth_tree n K layer rows
  | ByPackingNearby epsilon refuters => check_nearby n K layer epsilon refuters
  | ByGram below above => check_gram n K layer below above
  end.

(** What a certificate with this evidence claims. *)
Definition claim (n : nat) (K : domain) (layer : list row) (e : evidence) : Prop :=
  match e with
  | ByCollision _ _ => collides n K layer
  | ByFlatTree _ _ | BySignSplit _ _ | ByBlocks _ => injective n K layer
  | ByPacking _ => full_spark n layer -> injective n K layer
  | ByDepthTree rows => alpha_star n K layer (levels_of rows)
  | ByPackingNearby epsilon _ => (full_spark n layer -> injective n K layer) /\ injective_nearby n epsilon layer
  | ByGram below above => eigenvalues_between n K layer (bound below) (bound (force above))
  end.

(** What the checker accepts is true. *)
Theorem checker_is_right : forall n K layer e, check n K layer e = Good tt -> claim n K layer e.
Proof.
  intros n K layer e H. destruct e; cbn [check claim] in *.
  - apply (check_rows_sound _ _ _ _ H).
  - apply (check_rows_sound _ _ _ _ H).
  - apply (check_rows_sound _ _ _ _ H).
  - apply (check_rows_sound _ _ _ _ H).
  - apply (check_blocks_sound _ _ _ _ H).
  - apply (check_depth_tree_sound _ _ _ _ H).
  - apply (check_nearby_sound _ _ _ _ _ H).
  - apply (check_gram_sound _ _ _ _ _ H).
Qed.
