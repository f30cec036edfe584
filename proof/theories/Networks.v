(** What the theorems about networks and residual blocks speak about: to be read like Layers.v. *)

From Coq Require Import List QArith Qreals Reals.
From Proof Require Import Layers.
Import ListNotations.
Open Scope R_scope.

(** The point whose coordinates are the numbers of a list. *)
Definition point_of (l : list R) : point := fun j => nth j l 0.

(** * Networks *)

(** A row with its slope: z stays where it is at least 0, and is multiplied by the slope below; 0 is ReLU, 1 changes nothing. *)
Record sloped_row := SlopedRow { affine_part : row; slope : Q }.

Definition activated (s : Q) (z : R) : R := if Rle_dec 0 z then z else Q2R s * z.

Definition layer_value (L : list sloped_row) (x : point) : list R :=
  map (fun u => activated (slope u) (affine (affine_part u) x)) L.

(** One layer after the other. *)
Fixpoint network_value (N : list (list sloped_row)) (x : point) : point :=
  match N with
  | [] => x
  | L :: rest => network_value rest (point_of (layer_value L x))
  end.

(** How many numbers the output of a network on R^n has. *)
Definition output_width (n : nat) (N : list (list sloped_row)) : nat := last (map (@length sloped_row) N) n.

(** Different points of K have different outputs. *)
Definition network_injective (n : nat) (K : domain) (N : list (list sloped_row)) : Prop :=
  forall x y, inside n K x -> inside n K y ->
    same (output_width n N) (network_value N x) (network_value N y) -> same n x y.

(** Two different points of K have the same output. *)
Definition network_collides (n : nat) (K : domain) (N : list (list sloped_row)) : Prop :=
  exists x y, inside n K x /\ inside n K y /\
    same (output_width n N) (network_value N x) (network_value N y) /\ ~ same n x y.

(** * Residual blocks *)

(** x + B ReLU(Ax + b): the rows (a_i, b_i), and the rows of B. *)
Record residual_block := ResidualBlock { hidden : list row; back : list (list Q) }.

Definition block_value (f : residual_block) (x : point) : point :=
  fun j => x j + dot (nth j (back f) []) (point_of (output (hidden f) x)).

Definition block_injective (n : nat) (K : domain) (f : residual_block) : Prop :=
  forall x y, inside n K x -> inside n K y -> same n (block_value f x) (block_value f y) -> same n x y.

Definition block_collides (n : nat) (K : domain) (f : residual_block) : Prop :=
  exists x y, inside n K x /\ inside n K y /\ same n (block_value f x) (block_value f y) /\ ~ same n x y.
