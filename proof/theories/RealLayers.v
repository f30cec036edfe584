(** What the theorem speaks about where a certificate says something about all layers near one: to be read like Layers.v. *)

From Coq Require Import List QArith Qreals Reals.
From Proof Require Import Layers.
Import ListNotations.
Open Scope R_scope.

(** A row (w_i, b_i) with real entries. *)
Record real_row := RealRow { real_normal : list R; real_bias : R }.

Fixpoint real_dot (w : list R) (x : point) : R :=
  match w with
  | [] => 0
  | a :: rest => a * x 0%nat + real_dot rest (fun j => x (S j))
  end.

Definition real_affine (r : real_row) (x : point) : R := real_dot (real_normal r) x + real_bias r.

Definition real_output (layer : list real_row) (x : point) : list R := map (fun r => relu (real_affine r x)) layer.

(** Different points of R^n have different outputs. *)
Definition real_injective (n : nat) (layer : list real_row) : Prop :=
  forall x y, real_output layer x = real_output layer y -> same n x y.

(** Any n rows are linearly independent. *)
Definition real_full_spark (n : nat) (layer : list real_row) : Prop :=
  forall (chosen : list nat) (v : point),
    NoDup chosen -> length chosen = n -> (forall i, In i chosen -> (i < length layer)%nat) ->
    (forall i, In i chosen -> real_dot (real_normal (nth i layer (RealRow [] 0))) v = 0) -> same n v (fun _ => 0).

(** No entry of the rows differs by more than epsilon. *)
Definition near_row (epsilon : Q) (r : row) (s : real_row) : Prop :=
  length (real_normal s) = length (normal r) /\
  (forall j, Rabs (nth j (real_normal s) 0 - Q2R (nth j (normal r) 0%Q)) <= Q2R epsilon) /\
  Rabs (real_bias s - Q2R (bias r)) <= Q2R epsilon.

(** Nor of the layers; and where the layer has no bias the other one has none. *)
Definition near (epsilon : Q) (layer : list row) (other : list real_row) : Prop :=
  Forall2 (near_row epsilon) layer other /\
  ((forall r, In r layer -> Q2R (bias r) = 0) -> forall s, In s other -> real_bias s = 0).

(** Every layer with real entries that differ by at most epsilon is injective on R^n, if it has full spark. *)
Definition injective_nearby (n : nat) (epsilon : Q) (layer : list row) : Prop :=
  forall other, near epsilon layer other -> real_full_spark n other -> real_injective n other.
