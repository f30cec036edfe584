(** What the theorem speaks about where a certificate bounds singular values: to be read like Layers.v. *)

From Coq Require Import List QArith Qreals Reals.
From Proof Require Import Layers.
Import ListNotations.
Open Scope R_scope.

(** A point at which no row is 0 that is not 0 everywhere. *)
Definition generic (layer : list row) (x : point) : Prop :=
  forall r, In r layer -> affine r x = 0 -> forall y, affine r y = 0.

(** |W_I v|^2 for the rows I that are active at x: the sum of all <w_i, v>^2 with g_i(x) > 0. *)
Fixpoint active_square (layer : list row) (x v : point) : R :=
  match layer with
  | [] => 0
  | r :: rest => (if Rlt_dec 0 (affine r x) then dot (normal r) v * dot (normal r) v else 0) + active_square rest x v
  end.

Definition square_length (n : nat) (v : point) : R := square_distance (repeat 0%Q n) v.

(** At every generic point of K, a |v|^2 <= |W_I v|^2 <= b |v|^2 for every v: the eigenvalues of W_I^T W_I lie between
    a and b. *)
Definition eigenvalues_between (n : nat) (K : domain) (layer : list row) (a b : Q) : Prop :=
  forall x v, inside n K x -> generic layer x ->
    Q2R a * square_length n v <= active_square layer x v <= Q2R b * square_length n v.
