(** Maps with folds: continuous, and affine between finitely many hyperplanes. They act on all functions from numbers to reals,
    so that points with equal coordinates are equal; a map of R^n is made one by leaving the other coordinates as they are. *)

From Coq Require Import List Arith Reals Lra Lia FunctionalExtensionality.
From Proof Require Import Layers Integers Rows Domains Interior Sums.
From Proof.networks Require Import Flats.
Import ListNotations.
Open Scope R_scope.

(** x goes to straight x + start + the sum over the folds i of relu (lin i x + off i) col i. *)
Record folded := Folded {
  folds : list nat; lin : nat -> point -> R; off : nat -> R; col : nat -> point;
  straight : point -> point; start : point }.

Definition level (F : folded) (i : nat) (x : point) : R := lin F i x + off F i.

Definition fold_value (F : folded) (x : point) : point :=
  fun j => straight F x j + start F j + sum (folds F) (fun i => relu (level F i x) * col F i j).

(** A pattern says on which side of every fold one is; then the map is affine. *)
Definition piece (F : folded) (P : nat -> bool) (x : point) : point :=
  fun j => straight F x j + start F j + sum (folds F) (fun i => (if P i then level F i x else 0) * col F i j).

Definition derivative (F : folded) (P : nat -> bool) (u : point) : point :=
  fun j => straight F u j + sum (folds F) (fun i => (if P i then lin F i u else 0) * col F i j).

Record linear (F : folded) : Prop := Linear {
  lin_plus : forall i x y, lin F i (plus x y) = lin F i x + lin F i y;
  lin_times : forall i t x, lin F i (times t x) = t * lin F i x;
  lin_live : forall i, In i (folds F) -> exists u, lin F i u <> 0;
  straight_plus : forall x y, straight F (plus x y) = plus (straight F x) (straight F y);
  straight_times : forall t x, straight F (times t x) = times t (straight F x) }.

Definition generic_point (F : folded) (x : point) : Prop := forall i, In i (folds F) -> level F i x <> 0.

Definition open_cell (F : folded) (P : nat -> bool) (x : point) : Prop :=
  forall i, In i (folds F) -> if P i then 0 < level F i x else level F i x < 0.

Definition closed_cell (F : folded) (P : nat -> bool) (x : point) : Prop :=
  forall i, In i (folds F) -> if P i then 0 <= level F i x else level F i x <= 0.

Definition cell (F : folded) (P : nat -> bool) : Prop := exists x, open_cell F P x.

(** From x in direction q one comes into the cell at once. *)
Definition enters (F : folded) (P : nat -> bool) (x q : point) : Prop :=
  forall i, In i (folds F) ->
    if P i then 0 < level F i x \/ level F i x = 0 /\ 0 < lin F i q
    else level F i x < 0 \/ level F i x = 0 /\ lin F i q < 0.

(** The matrices of the cells are invertible, and where two of them differ by w lin_i, what is mapped to one direction crosses
    fold i to one side. *)
Record coherent (F : folded) : Prop := Coherent {
  onto : forall P d, cell F P -> exists u, derivative F P u = d;
  one_to_one : forall P u, cell F P -> derivative F P u = zero_point -> u = zero_point;
  crosses : forall P Q i w u v, cell F P -> cell F Q -> In i (folds F) ->
    (forall x, derivative F Q x = plus (derivative F P x) (times (lin F i x) w)) ->
    derivative F P u = derivative F Q v -> 0 < lin F i u -> 0 < lin F i v }.

Section Folded.
Variable F : folded.
Hypothesis LF : linear F.

Lemma level_along : forall i x t u, level F i (plus x (times t u)) = level F i x + t * lin F i u.
Proof. intros. unfold level. rewrite (lin_plus F LF), (lin_times F LF). ring. Qed.

Lemma level_between : forall i t x y, level F i (between t x y) = (1 - t) * level F i x + t * level F i y.
Proof. intros. unfold level, between. rewrite (lin_plus F LF), !(lin_times F LF). ring. Qed.

Lemma derivative_plus : forall P u v, derivative F P (plus u v) = plus (derivative F P u) (derivative F P v).
Proof.
  intros. apply functional_extensionality. intro j. unfold derivative. rewrite (straight_plus F LF).
  rewrite (sum_ext _ _ _ (fun i => (if P i then lin F i u else 0) * col F i j +
                                   (if P i then lin F i v else 0) * col F i j)).
  - rewrite sum_plus. unfold plus. ring.
  - intros i _. rewrite (lin_plus F LF). destruct (P i); ring.
Qed.

Lemma derivative_times : forall P t u, derivative F P (times t u) = times t (derivative F P u).
Proof.
  intros. apply functional_extensionality. intro j. unfold derivative. rewrite (straight_times F LF).
  rewrite (sum_ext _ _ _ (fun i => t * ((if P i then lin F i u else 0) * col F i j))).
  - rewrite sum_times. unfold times. ring.
  - intros i _. rewrite (lin_times F LF). destruct (P i); ring.
Qed.

Lemma piece_along : forall P x t u, piece F P (plus x (times t u)) = plus (piece F P x) (times t (derivative F P u)).
Proof.
  intros. apply functional_extensionality. intro j. unfold piece, derivative. rewrite (straight_plus F LF), (straight_times F LF).
  rewrite (sum_ext _ _ _ (fun i => (if P i then level F i x else 0) * col F i j +
                                   t * ((if P i then lin F i u else 0) * col F i j))).
  - rewrite sum_plus, sum_times. unfold plus, times. ring.
  - intros i _. rewrite level_along. destruct (P i); ring.
Qed.

Lemma piece_between : forall P t x y, piece F P (between t x y) = between t (piece F P x) (piece F P y).
Proof.
  intros. replace (between t x y) with (plus x (times t (plus y (times (-1) x)))) by (vector; ring).
  rewrite piece_along.
  replace (piece F P y) with (piece F P (plus x (times 1 (plus y (times (-1) x))))) by (f_equal; vector; ring).
  rewrite piece_along. vector. ring.
Qed.

Lemma piece_ext : forall P Q, (forall i, In i (folds F) -> P i = Q i) -> piece F P = piece F Q.
Proof.
  intros P Q E. apply functional_extensionality. intro x. vector. unfold piece. f_equal.
  apply sum_ext. intros i I. rewrite (E i I). reflexivity.
Qed.

Lemma derivative_ext : forall P Q, (forall i, In i (folds F) -> P i = Q i) -> derivative F P = derivative F Q.
Proof.
  intros P Q E. apply functional_extensionality. intro x. vector. unfold derivative. f_equal.
  apply sum_ext. intros i I. rewrite (E i I). reflexivity.
Qed.

Lemma cell_ext : forall P Q, (forall i, In i (folds F) -> P i = Q i) -> cell F P -> cell F Q.
Proof. intros P Q E (x & X). exists x. intros i I. rewrite <- (E i I). apply X, I. Qed.

(** * Cells *)

Lemma closed_value : forall P x, closed_cell F P x -> fold_value F x = piece F P x.
Proof.
  intros P x C. vector. unfold fold_value, piece. f_equal. apply sum_ext. intros i I. f_equal.
  specialize (C i I). unfold relu. destruct (P i); [apply Rmax_left|apply Rmax_right]; exact C.
Qed.

Lemma open_closed : forall P x, open_cell F P x -> closed_cell F P x.
Proof. intros P x C i I. specialize (C i I). destruct (P i); lra. Qed.

Lemma closed_generic : forall P x, closed_cell F P x -> generic_point F x -> open_cell F P x.
Proof. intros P x C G i I. specialize (C i I). specialize (G i I). destruct (P i); lra. Qed.

Lemma enters_closed : forall P x q, enters F P x q -> closed_cell F P x.
Proof. intros P x q E i I. specialize (E i I). destruct (P i); lra. Qed.

Lemma one_pattern : forall P Q x, open_cell F P x -> open_cell F Q x -> forall i, In i (folds F) -> P i = Q i.
Proof. intros P Q x CP CQ i I. specialize (CP i I). specialize (CQ i I). destruct (P i), (Q i); auto; lra. Qed.

Lemma generic_cell : forall x, generic_point F x -> exists P, open_cell F P x.
Proof.
  intros x G. exists (fun i => if Rlt_dec 0 (level F i x) then true else false). intros i I. specialize (G i I).
  destruct (Rlt_dec 0 (level F i x)); lra.
Qed.

Lemma small_open : forall P x q, enters F P x q -> for_small (fun t => open_cell F P (plus x (times t q))).
Proof.
  intros P x q E. apply for_small_all. intros i I. specialize (E i I). destruct (P i).
  - destruct E as [E|[Z E]].
    + destruct (for_small_positive _ (lin F i q) E) as (T & T0 & H). exists T. split; [exact T0|]. intros t t0.
      rewrite level_along. apply H, t0.
    + exists 1. split; [lra|]. intros t t0. rewrite level_along, Z, Rplus_0_l. apply Rmult_lt_0_compat; lra.
  - destruct E as [E|[Z E]].
    + destruct (for_small_positive (- level F i x) (- lin F i q) ltac:(lra)) as (T & T0 & H). exists T.
      split; [exact T0|]. intros t t0. rewrite level_along. specialize (H t t0). lra.
    + exists 1. split; [lra|]. intros t t0. rewrite level_along, Z, Rplus_0_l.
      assert (0 < t * - lin F i q) by (apply Rmult_lt_0_compat; lra). lra.
Qed.

(** A direction that no fold contains. *)
Lemma free_direction : ~ ~ exists q, forall i, In i (folds F) -> lin F i q <> 0.
Proof.
  intro N. apply (avoid (map (fun i q => lin F i q = 0) (folds F))).
  - intros Z I. apply in_map_iff in I as (i & <- & I). intros x y k X Y. unfold between.
    rewrite (lin_plus F LF), !(lin_times F LF), X, Y. ring.
  - intros (q & Q). apply N. exists q. intros i I. apply (Q (fun q => lin F i q = 0)).
    + apply in_map_iff. exists i. auto.
    + apply (lin_live F LF i I).
Qed.

(** Every point lies in the closure of a cell. *)
Lemma some_cell : forall x, ~ ~ exists P, cell F P /\ closed_cell F P x.
Proof.
  intros x N. apply free_direction. intros (q & Q). apply N.
  set (P := fun i => if Rlt_dec 0 (level F i x) then true else
                     if Rlt_dec (level F i x) 0 then false else if Rlt_dec 0 (lin F i q) then true else false).
  assert (E : enters F P x q).
  { intros i I. specialize (Q i I). unfold P. destruct (Rlt_dec 0 (level F i x)); [lra|].
    destruct (Rlt_dec (level F i x) 0); [lra|]. destruct (Rlt_dec 0 (lin F i q)); lra. }
  exists P. split; [|apply (enters_closed _ _ _ E)]. destruct (small_open _ _ _ E) as (T & T0 & H).
  exists (plus x (times T q)). apply H. lra.
Qed.

(** All patterns, but for what they say about other numbers than the folds. *)
Fixpoint patterns (l : list nat) : list (nat -> bool) :=
  match l with
  | [] => [fun _ => false]
  | i :: rest => map (fun P j => if j =? i then true else P j) (patterns rest) ++
                 map (fun P j => if j =? i then false else P j) (patterns rest)
  end%nat.

Lemma patterns_all : forall l P, exists Q, In Q (patterns l) /\ forall i, In i l -> Q i = P i.
Proof.
  induction l as [|i l IH]; intro P; cbn [patterns].
  - exists (fun _ => false). split; [left; reflexivity|]. intros i [].
  - destruct (IH P) as (Q & I & E). exists (fun j => if (j =? i)%nat then P i else Q j). split.
    + apply in_or_app. destruct (P i); [left|right]; apply in_map_iff; exists Q; auto.
    + intros j J. destruct (Nat.eqb_spec j i) as [->|N]; [reflexivity|]. apply E. destruct J as [->|J]; [contradiction|exact J].
Qed.

(** * Invertible matrices *)

Hypothesis CF : coherent F.

Lemma derivative_injective : forall P u v, cell F P -> derivative F P u = derivative F P v -> u = v.
Proof.
  intros P u v C E. assert (Z : plus u (times (-1) v) = zero_point).
  { apply (one_to_one F CF P); [exact C|]. rewrite derivative_plus, derivative_times, E. vector. ring. }
  apply functional_extensionality. intro j. apply (f_equal (fun z => z j)) in Z. unfold plus, times, zero_point in Z. lra.
Qed.

Lemma piece_injective : forall P x y, cell F P -> piece F P x = piece F P y -> x = y.
Proof.
  intros P x y C E. assert (Z : plus y (times (-1) x) = zero_point).
  { apply (one_to_one F CF P); [exact C|].
    assert (A := piece_along P x 1 (plus y (times (-1) x))).
    replace (plus x (times 1 (plus y (times (-1) x)))) with y in A by (vector; ring).
    rewrite <- E in A. apply functional_extensionality. intro j. apply (f_equal (fun z => z j)) in A.
    unfold plus at 1, times at 1 in A. unfold zero_point. lra. }
  apply functional_extensionality. intro j. apply (f_equal (fun z => z j)) in Z. unfold plus, times, zero_point in Z. lra.
Qed.

End Folded.
