(** Maps whose cells all have matrices of one orientation, and that take one value at one point only, are injective on R^n. *)

From Coq Require Import List Reals Lra Lia.
From Proof Require Import Layers Integers Rows Domains Interior Sums.
Import ListNotations.
Open Scope R_scope.

(** The product of the rows M 0, ..., M (n-1) with u. *)
Definition product (n : nat) (M : nat -> nat -> R) (u : point) : point := fun j => sum (seq 0 n) (fun k => M j k * u k).

Section Oriented.

(** The map F x = L x + c + the sum over the hidden units i of relu (g_i x) B_i, with g_i x = <a_i, x> + b_i. *)
Variable n : nat.
Variable L : nat -> nat -> R.
Variable c : point.
Variable units : list nat.
Variable a : nat -> point.
Variable b : nat -> R.
Variable B : nat -> point.

Definition form (i : nat) (x : point) : R := sum (seq 0 n) (fun k => a i k * x k).
Definition unit_value (i : nat) (x : point) : R := form i x + b i.
Definition map_value (x : point) : point := fun j => product n L x j + c j + sum units (fun i => relu (unit_value i x) * B i j).

(** On the cell of the pattern P it is matrix P x + offset P. *)
Definition matrix (P : nat -> bool) (j k : nat) : R := L j k + sum units (fun i => if P i then B i j * a i k else 0).
Definition offset (P : nat -> bool) : point := fun j => c j + sum units (fun i => if P i then b i * B i j else 0).

Definition generic (x : point) : Prop :=
  forall i, In i units -> (exists k, (k < n)%nat /\ a i k <> 0) -> unit_value i x <> 0.

(** P is the pattern of a generic point. *)
Definition is_cell (P : nat -> bool) : Prop :=
  exists x, generic x /\ forall i, In i units -> (P i = true <-> 0 <= unit_value i x).

(** Both directions u, v that are mapped to one by the matrices of two cells, which differ by w a_i^T, cross the hyperplane of unit i to the same side. *)
Definition same_side : Prop := forall P Q i w u v, is_cell P -> is_cell Q -> In i units ->
  (forall j k, (j < n)%nat -> (k < n)%nat -> matrix Q j k = matrix P j k + w j * a i k) ->
  same n (product n (matrix P) u) (product n (matrix Q) v) -> 0 < form i u -> 0 < form i v.

(** To be proved, under these names and with these hypotheses:

<<
Theorem oriented_injective : forall p,
  (forall P d, is_cell P -> exists u, same n (product n (matrix P) u) d) ->
  (forall P u, is_cell P -> same n (product n (matrix P) u) zero_point -> same n u zero_point) ->
  same_side ->
  generic p ->
  (forall P z, is_cell P -> (forall j, (j < n)%nat -> product n (matrix P) z j + offset P j = map_value p j) ->
    (forall i, In i units -> if P i then 0 <= unit_value i z else unit_value i z <= 0) -> same n z p) ->
  forall x y, same n (map_value x) (map_value y) -> same n x y.
>>
*)

End Oriented.
