(** From two points with one image to a point and a direction (theorems T1 and T2 of docs/mathematics.md).

    Let x and y lie in K and have one image. At the midpoint z every row is strictly negative, or orthogonal to v = x - y.
    The same holds at points deep inside K near z. So the layer is injective if, for every point z deep inside K, the
    only v that is orthogonal to all rows with g_i(z) >= 0 is v = 0: these rows span R^n. *)

From Coq Require Import List ZArith Reals Lra Lia.
From Proof Require Import Layers Integers Rows Domains Interior Elimination.
Import ListNotations.
Open Scope R_scope.

(** Every row is orthogonal to v or strictly negative at z. *)
Definition escapes (rows : list integer_row) (z v : point) : Prop :=
  forall r, In r rows -> idot (weights r) v = 0 \/ value r z < 0.

Definition difference (x y : point) : point := plus x (times (-1) y).

Lemma relu_cases : forall s t, relu s = relu t -> s = t \/ (s <= 0 /\ t <= 0).
Proof. intros s t H. unfold relu, Rmax in H. destruct (Rle_dec s 0), (Rle_dec t 0); lra. Qed.

Lemma midpoint_escapes : forall rows x y,
  (forall r, In r rows -> relu (value r x) = relu (value r y)) -> escapes rows (between (1 / 2) x y) (difference x y).
Proof.
  intros rows x y H r R. specialize (H r R). rewrite value_between.
  assert (E : idot (weights r) (difference x y) = value r x - value r y).
  { unfold difference, value. rewrite idot_plus, idot_times. ring. }
  rewrite E. destruct (relu_cases _ _ H) as [S|[A B]]; [left; lra|].
  destruct (Req_dec (value r x) (value r y)); [left; lra|right; lra].
Qed.

(** A little towards another point nothing changes. *)
Lemma escapes_near : forall rows z v d, escapes rows z v -> for_small (fun t => escapes rows (between t z d) v).
Proof.
  intros rows z v d H. apply for_small_all. intros r R. destruct (H r R) as [O|N].
  - exists 1. split; [lra|]. intros. left. exact O.
  - destruct (for_small_below (value r z) (value r d) 0 N) as (T & T0 & HT).
    exists T. split; [exact T0|]. intros t Ht. right. rewrite value_between. apply HT, Ht.
Qed.

Theorem injective_if_spanned : forall n K IK layer rows,
  domain_made n K IK -> Forall2 (made_from n) layer rows ->
  (forall z v, deep n K z -> escapes rows z v -> vanishes n v) -> injective n K layer.
Proof.
  intros n K IK layer rows M R H x y X Y E.
  assert (A := proj1 (outputs_agree n layer rows x y R) E). clear E. rename A into E.
  destruct (has_deep_point n K IK M) as (d & D).
  destruct (escapes_near rows _ _ d (midpoint_escapes rows x y E)) as (T & T0 & HT).
  assert (T1 : 0 < Rmin T 1 <= 1) by (split; [apply Rmin_glb_lt; lra|apply Rmin_r]).
  assert (V : vanishes n (difference x y)).
  { apply (H (between (Rmin T 1) (between (1 / 2) x y) d)).
    - apply (deep_between n K IK); auto. apply (convex n K IK); auto. lra.
    - apply HT. split; [lra|apply Rmin_l]. }
  intros j J. apply (vanishes_same n _ V) in J. unfold difference, plus, times in J. lra.
Qed.
