(** What the theorems speak about: points, layers, domains, and what injective means.

    Whoever wants to know what is proved reads this file and the theorem at the end of Checker.v; nothing else here
    needs to be believed, because Coq has checked it.

    A point of R^n is a function [x] from numbers to reals; its coordinates are [x 0], ..., [x (n-1)]. *)

From Coq Require Import List QArith Qreals Reals.
Import ListNotations.
Open Scope R_scope.

Definition point := nat -> R.

(** Two points of R^n are the same if all their n coordinates are. *)
Definition same (n : nat) (x y : point) : Prop := forall j, (j < n)%nat -> x j = y j.

(** A row (w_i, b_i) of a layer; its entries are rational numbers. *)
Record row := Row { normal : list Q; bias : Q }.

(** <w, x>: the first entry times the first coordinate, and so on. *)
Fixpoint dot (w : list Q) (x : point) : R :=
  match w with
  | [] => 0
  | a :: rest => Q2R a * x 0%nat + dot rest (fun j => x (S j))
  end.

(** g_i(x) = <w_i, x> + b_i. *)
Definition affine (r : row) (x : point) : R := dot (normal r) x + Q2R (bias r).

Definition relu (t : R) : R := Rmax t 0.

(** ReLU(Wx + b), as the list of its entries. *)
Definition output (layer : list row) (x : point) : list R := map (fun r => relu (affine r x)) layer.

(** |x - c|^2 for a center c with rational coordinates. *)
Fixpoint square_distance (c : list Q) (x : point) : R :=
  match c with
  | [] => 0
  | a :: rest => (x 0%nat - Q2R a) * (x 0%nat - Q2R a) + square_distance rest (fun j => x (S j))
  end.

(** The domains of the certificates. A polytope is given by functions d_j that are at most 0 on it, d_j(x) = <G_j, x> - h_j,
    and a point at which all are negative. *)
Inductive domain :=
  | Space
  | Orthant
  | Box (lower upper : list Q)
  | Ball (center : list Q) (radius : Q)
  | NonnegativeBall (radius : Q)
  | Polytope (functions : list row) (interior : list Q)
  | Sphere (radius : Q).

Definition nonnegative_point (n : nat) (x : point) : Prop := forall j, (j < n)%nat -> 0 <= x j.

(** The points of R^n that lie in the domain. *)
Definition inside (n : nat) (K : domain) (x : point) : Prop :=
  match K with
  | Space => True
  | Orthant => nonnegative_point n x
  | Box lower upper => forall j, (j < n)%nat -> Q2R (nth j lower 0%Q) <= x j <= Q2R (nth j upper 0%Q)
  | Ball center radius => square_distance center x <= Q2R radius * Q2R radius
  | NonnegativeBall radius =>
      nonnegative_point n x /\ square_distance (repeat 0%Q n) x <= Q2R radius * Q2R radius
  | Polytope functions _ => forall d, In d functions -> affine d x <= 0
  | Sphere radius => square_distance (repeat 0%Q n) x = Q2R radius * Q2R radius
  end.

(** Different points of K have different outputs. *)
Definition injective (n : nat) (K : domain) (layer : list row) : Prop :=
  forall x y, inside n K x -> inside n K y -> output layer x = output layer y -> same n x y.

(** Two different points of K have the same output. *)
Definition collides (n : nat) (K : domain) (layer : list row) : Prop :=
  exists x y, inside n K x /\ inside n K y /\ output layer x = output layer y /\ ~ same n x y.

(** Full spark: any n rows of the layer are linearly independent. For only 0 is orthogonal to n of them. *)
Definition full_spark (n : nat) (layer : list row) : Prop :=
  forall (chosen : list nat) (v : point),
    NoDup chosen -> length chosen = n -> (forall i, In i chosen -> (i < length layer)%nat) ->
    (forall i, In i chosen -> dot (normal (nth i layer (Row [] 0%Q))) v = 0) -> same n v (fun _ => 0).
