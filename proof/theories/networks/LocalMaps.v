(** Near a point a map with folds is a map with folds through that point. And one whose cells have matrices of one orientation, and
    that takes one value at one generic point only, is injective. *)

From Coq Require Import List Arith Reals Lra Lia FunctionalExtensionality.
From Proof Require Import Layers Integers Rows Domains Interior Sums.
From Proof.networks Require Import Flats FoldedMaps Walls Transport.
Import ListNotations.
Open Scope R_scope.

Lemma sum_filter : forall A (p : A -> bool) l f, sum (filter p l) f = sum l (fun a => if p a then f a else 0).
Proof.
  intros A p l f. induction l as [|a l IH]; [reflexivity|]. cbn [filter]. rewrite sum_cons, <- IH.
  destruct (p a); [apply sum_cons|ring].
Qed.

(** * Values that are reached *)

Section Reached.
Variable F : folded.
Hypothesis LF : linear F.
Hypothesis CF : coherent F.

Lemma off_walls_small : forall c d, off_walls F (plus c d) -> ~ ~ for_small (fun t => off_walls F (on c d t)).
Proof.
  intros c d O N. apply (not_not_small _ (walls F) (fun Z t => ~ Z (between t c (plus c d)))).
  - intros Z I. apply flat_line; [apply (walls_flat F LF Z I)|]. intros [_ Z1].
    apply in_walls in I as (P & i & I & ->). apply (O P i I Z1).
  - intros (T & T0 & H). apply N. exists T. split; [exact T0|]. intros t Ht. apply off_all_walls. intros Z I.
    replace (on c d t) with (between t c (plus c d)) by (unfold on; vector; ring). apply (H t Ht Z I).
Qed.

Lemma on_cell : forall P x t u, open_cell F P x -> open_cell F P (plus x (times t u)) ->
  fold_value F (plus x (times t u)) = on (fold_value F x) (derivative F P u) t.
Proof.
  intros P x t u X Y. rewrite (closed_value F P _ (open_closed F P _ X)), (closed_value F P _ (open_closed F P _ Y)).
  apply (piece_along F LF).
Qed.

(** Every regular value has a preimage. *)
Theorem reached : forall d, regular F d -> ~ ~ exists h, fold_value F h = d.
Proof.
  intros d R N. apply (some_cell F LF zero_point). intros (P & C & _). assert (C' := C). destruct C' as (x & X).
  apply (avoid (walls F)); [apply (walls_flat F LF)|]. intros (c & A).
  apply (avoids_walls F LF CF) in A; [|apply incl_refl].
  set (e := plus c (times (-1) (fold_value F x))).
  apply (off_walls_small (fold_value F x) e).
  - replace (plus (fold_value F x) e) with c; [exact A|]. unfold e. vector. ring.
  - intro S. destruct (onto F CF P e C) as (u & U).
    assert (E : enters F P x u). { intros i I. specialize (X i I). destruct (P i); left; exact X. }
    destruct (for_small_some _ (for_small_and _ _ S (small_open F LF P x u E))) as (t & _ & O & Y).
    assert (V := on_cell P x t u X Y). rewrite U in V.
    apply (transport F LF CF (on (fold_value F x) e t) d (off_walls_regular F LF _ O) R). intro T.
    destruct (T _ _ V V) as (h & _ & H & _). apply N. exists h. exact H.
Qed.

End Reached.

(** * The map near a point *)

Section Local.
Variable F : folded.
Hypothesis LF : linear F.
Variable x : point.

Definition local : folded := Folded
  (filter (fun i => if Req_EM_T (level F i x) 0 then true else false) (folds F)) (lin F) (fun _ => 0) (col F)
  (fun u j => straight F u j + sum (folds F) (fun i => (if Rlt_dec 0 (level F i x) then lin F i u else 0) * col F i j))
  zero_point.

Lemma in_local : forall i, In i (folds local) <-> In i (folds F) /\ level F i x = 0.
Proof.
  intro i. cbn [folds local]. rewrite filter_In. destruct (Req_EM_T (level F i x) 0); split; intros [A B]; split; auto; congruence.
Qed.

Lemma local_linear : linear local.
Proof.
  split; cbn [lin straight local].
  - apply (lin_plus F LF).
  - apply (lin_times F LF).
  - intros i I. apply in_local in I as [I _]. apply (lin_live F LF i I).
  - intros u v. apply functional_extensionality. intro j. rewrite (straight_plus F LF).
    rewrite (sum_ext _ _ _ (fun i => (if Rlt_dec 0 (level F i x) then lin F i u else 0) * col F i j +
                                     (if Rlt_dec 0 (level F i x) then lin F i v else 0) * col F i j)).
    + rewrite sum_plus. unfold plus. ring.
    + intros i _. rewrite (lin_plus F LF). destruct (Rlt_dec 0 (level F i x)); ring.
  - intros t u. apply functional_extensionality. intro j. rewrite (straight_times F LF).
    rewrite (sum_ext _ _ _ (fun i => t * ((if Rlt_dec 0 (level F i x) then lin F i u else 0) * col F i j))).
    + rewrite sum_times. unfold times. ring.
    + intros i _. rewrite (lin_times F LF). destruct (Rlt_dec 0 (level F i x)); ring.
Qed.

(** The pattern of the points near x in the directions with the pattern P. *)
Definition extended (P : nat -> bool) (i : nat) : bool :=
  if Req_EM_T (level F i x) 0 then P i else if Rlt_dec 0 (level F i x) then true else false.

Lemma local_derivative : forall P, derivative local P = derivative F (extended P).
Proof.
  intro P. apply functional_extensionality. intro u. apply functional_extensionality. intro j.
  unfold derivative. cbn [straight folds lin col local]. rewrite sum_filter, Rplus_assoc, <- sum_plus. f_equal.
  apply sum_ext. intros i _. unfold extended. destruct (Req_EM_T (level F i x) 0), (Rlt_dec 0 (level F i x)); try lra; ring.
Qed.

Lemma local_enters : forall P h, open_cell local P h -> enters F (extended P) x h.
Proof.
  intros P h O i I. unfold extended. destruct (Req_EM_T (level F i x) 0) as [Z|N].
  - specialize (O i (proj2 (in_local i) (conj I Z))). unfold level in O. cbn [lin off local] in O. rewrite Rplus_0_r in O.
    destruct (P i); right; auto.
  - destruct (Rlt_dec 0 (level F i x)); left; lra.
Qed.

Lemma local_cell : forall P, cell local P -> cell F (extended P).
Proof.
  intros P (h & H). destruct (for_small_some _ (small_open F LF _ x h (local_enters P h H))) as (t & _ & O).
  exists (plus x (times t h)). exact O.
Qed.

Lemma local_coherent : coherent F -> coherent local.
Proof.
  intro CF. split.
  - intros P d C. rewrite local_derivative. apply (onto F CF), local_cell, C.
  - intros P u C. rewrite local_derivative. apply (one_to_one F CF), local_cell, C.
  - intros P Q i w u v CP CQ I. rewrite !local_derivative. apply in_local in I as [I _]. cbn [lin local].
    apply (crosses F CF (extended P) (extended Q) i w); [apply local_cell, CP|apply local_cell, CQ|exact I].
Qed.

(** The local map tells the values near x. *)
Lemma local_value : forall h, generic_point local h ->
  for_small (fun t => fold_value F (plus x (times t h)) = on (fold_value F x) (fold_value local h) t).
Proof.
  intros h G. destruct (generic_cell local h G) as (P & O). assert (E := local_enters P h O).
  destruct (small_open F LF _ _ _ E) as (T & T0 & H). exists T. split; [exact T0|]. intros t Ht.
  rewrite (closed_value F _ _ (open_closed F _ _ (H t Ht))), (piece_along F LF).
  rewrite <- (closed_value F _ x (enters_closed F _ _ _ E)). unfold on. do 2 f_equal.
  rewrite <- local_derivative, (closed_value local P h (open_closed local P h O)).
  apply functional_extensionality. intro j. unfold derivative, piece, level. cbn [start off local]. unfold zero_point.
  rewrite Rplus_0_r. f_equal. apply sum_ext. intros i _. rewrite Rplus_0_r. reflexivity.
Qed.

End Local.

(** * Injective maps *)

Lemma avoids_shifted : forall c d Zs, avoids d (map (fun Z e => Z (plus c e)) Zs) -> avoids (plus c d) Zs.
Proof.
  intros c d Zs A Z I (q & Q). apply (A (fun e => Z (plus c e))).
  - apply in_map_iff. exists Z. auto.
  - exists (plus q (times (-1) c)). replace (plus c (plus q (times (-1) c))) with q by (vector; ring). exact Q.
Qed.

Theorem folded_injective : forall F p, linear F -> coherent F -> generic_point F p ->
  (forall z, fold_value F z = fold_value F p -> z = p) ->
  forall x y, fold_value F x = fold_value F y -> x = y.
Proof.
  intros F p LF CF GP ONE x y E. apply point_stable. intro N.
  set (c := fold_value F x) in *. set (X := local F x). set (Y := local F y).
  assert (LX : linear X) by apply (local_linear F LF). assert (LY : linear Y) by apply (local_linear F LF).
  assert (CX : coherent X) by apply (local_coherent F LF x CF). assert (CY : coherent Y) by apply (local_coherent F LF y CF).
  set (Zs := walls X ++ walls Y ++ map (fun Z e => Z (plus c e)) (walls F)).
  apply (avoid Zs).
  { intros Z I. apply in_app_or in I as [I|I]; [apply (walls_flat X LX Z I)|].
    apply in_app_or in I as [I|I]; [apply (walls_flat Y LY Z I)|]. apply in_map_iff in I as (Z' & <- & I).
    intros d e k D D'. replace (plus c (between k d e)) with (between k (plus c d) (plus c e)) by (vector; ring).
    apply (walls_flat F LF Z' I); assumption. }
  intros (d & A).
  assert (RX : regular X d).
  { apply (off_walls_regular X LX), (avoids_walls X LX CX d Zs); [apply incl_appl, incl_refl|exact A]. }
  assert (RY : regular Y d).
  { apply (off_walls_regular Y LY), (avoids_walls Y LY CY d Zs); [apply incl_appr, incl_appl, incl_refl|exact A]. }
  assert (RF : off_walls F (plus c d)).
  { apply (avoids_walls F LF CF (plus c d) (walls F)); [apply incl_refl|]. apply avoids_shifted.
    intros Z I. apply A. apply in_or_app. right. apply in_or_app. right. exact I. }
  apply (reached X LX CX d RX). intros (h & H). apply (reached Y LY CY d RY). intros (k & K).
  assert (SX := local_value F LF x h (RX h H)). fold X c in SX. rewrite H in SX.
  assert (SY := local_value F LF y k (RY k K)). fold Y in SY. rewrite K, <- E in SY.
  apply (off_walls_small F LF c d RF). intro SF.
  apply (flat_line (fun z => z = zero_point) (plus x (times (-1) y)) (plus (plus x h) (times (-1) (plus y k)))).
  { intros z1 z2 r -> ->. vector. ring. }
  { intros [Z _]. apply N. apply functional_extensionality. intro j. apply (f_equal (fun z => z j)) in Z.
    unfold plus, times, zero_point in Z. lra. }
  intro SN. destruct (for_small_some _ (for_small_and _ _ (for_small_and _ _ SX SY) (for_small_and _ _ SF SN)))
    as (t & _ & [VX VY] & O & D).
  apply (transport F LF CF (on c d t) (fold_value F p)).
  - apply (off_walls_regular F LF), O.
  - intros z V. rewrite (ONE z V). exact GP.
  - intro T. destruct (T _ _ VX VY) as (z1 & z2 & V1 & V2 & EZ). apply D.
    assert (EQ := EZ (eq_trans (ONE z1 V1) (eq_sym (ONE z2 V2)))).
    apply functional_extensionality. intro j. apply (f_equal (fun z => z j)) in EQ.
    unfold between, plus, times, zero_point in *. lra.
Qed.
