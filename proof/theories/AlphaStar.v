(** What the theorem speaks about where certificates state values of alpha*: to be read like Layers.v. *)

From Coq Require Import List ZArith QArith Qreals Reals.
From Proof Require Import Layers.
Import ListNotations.
Open Scope R_scope.

(** <w_j, x>; the biases play no role. *)
Definition along (layer : list row) (j : nat) (x : point) : R := dot (normal (nth j layer (Row [] 0%Q))) x.

(** At most n - 1 rows i have <w_i, x> > <w_j, x>: any different ones that have are fewer than n. *)
Definition few_above (n : nat) (layer : list row) (j : nat) (x : point) : Prop :=
  forall chosen : list nat, NoDup chosen ->
    (forall i, In i chosen -> (i < length layer)%nat /\ along layer j x < along layer i x) -> (length chosen < n)%nat.

(** A number as certificates write it, sign times the root of a rational, so that a |a| = sign * square; or infinity. *)
Inductive level := Root (sign : Z) (square : Q) | Infinity.

(** The level is the minimum of <w_j, x> over the x in K with at most n - 1 rows above row j; infinity if there are none. *)
Definition is_alpha_star (n : nat) (K : domain) (layer : list row) (j : nat) (stated : level) : Prop :=
  match stated with
  | Root sign square =>
      exists a, a * Rabs a = IZR sign * Q2R square /\
        (exists x, inside n K x /\ few_above n layer j x /\ along layer j x = a) /\
        (forall x, inside n K x -> few_above n layer j x -> a <= along layer j x)
  | Infinity => forall x, inside n K x -> ~ few_above n layer j x
  end.

(** One level for each row, in their order. *)
Definition alpha_star (n : nat) (K : domain) (layer : list row) (levels : list level) : Prop :=
  length levels = length layer /\
  forall j, (j < length layer)%nat -> is_alpha_star n K layer j (nth j levels Infinity).
