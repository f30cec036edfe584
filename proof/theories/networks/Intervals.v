(** Rule "cell-pairs": the intervals of cells. An interval is for one direction, and holds the values that it has at the outputs
    of some cells. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Integers.
Import ListNotations.
Open Scope Z_scope.

(** An end of an interval as a fraction with a positive denominator; None where it has none. The upper end stands first. *)
Definition interval_end := option (Z * Z).
Definition interval := (interval_end * interval_end)%type.

(** A fraction, reduced. *)
Definition fraction (a b : Z) : interval_end :=
  let g := Z.gcd a b in
  let c := Z.quot a g in
  let d := Z.quot b g in
  if (0 <? d) && (a * d =? c * b) then Some (c, d) else None.

Definition below (p q : Z * Z) : bool := fst p * snd q <? fst q * snd p.

Definition hull (i j : interval) : interval :=
  (match fst i, fst j with Some p, Some q => Some (if below p q then q else p) | _, _ => None end,
   match snd i, snd j with Some p, Some q => Some (if below p q then p else q) | _, _ => None end).

Fixpoint hulls (I J : list interval) : list interval :=
  match I, J with i :: I', j :: J' => hull i j :: hulls I' J' | _, _ => [] end.

(** Whether one interval ends before the other one begins. *)
Definition ends_before (i j : interval) : bool :=
  match fst i, snd j with Some high, Some low => below high low | _, _ => false end.

Fixpoint disjoint (I J : list interval) : bool :=
  match I, J with
  | i :: I', j :: J' => ends_before i j || ends_before j i || disjoint I' J'
  | _, _ => false
  end.

Open Scope R_scope.

Definition proper_end (e : interval_end) : Prop := match e with Some (_, b) => 0 < IZR b | None => True end.
Definition proper (i : interval) : Prop := proper_end (fst i) /\ proper_end (snd i).

Definition at_most (r : R) (e : interval_end) : Prop := match e with Some (a, b) => r * IZR b <= IZR a | None => True end.
Definition at_least (r : R) (e : interval_end) : Prop := match e with Some (a, b) => IZR a <= r * IZR b | None => True end.

Definition holds (r : R) (i : interval) : Prop := at_most r (fst i) /\ at_least r (snd i).

(** The values of the directions at v lie in the intervals. *)
Fixpoint within (directions : list (list Z)) (I : list interval) (v : point) {struct I} : Prop :=
  match I, directions with
  | [], _ => True
  | _, [] => False
  | i :: I', direction :: directions' => holds (idot direction v) i /\ within directions' I' v
  end.

Lemma fraction_spec : forall a b,
  match fraction a b with Some (c, d) => 0 < IZR d /\ IZR a * IZR d = IZR c * IZR b | None => True end.
Proof.
  intros a b. unfold fraction. set (c := (a ÷ Z.gcd a b)%Z). set (d := (b ÷ Z.gcd a b)%Z).
  destruct ((0 <? d) && (a * d =? c * b))%Z eqn:E; [|exact I]. apply andb_prop in E as [D E].
  apply Z.ltb_lt, IZR_lt in D. apply Z.eqb_eq, (f_equal IZR) in E. rewrite !mult_IZR in E. auto.
Qed.

Lemma fraction_proper : forall a b, proper_end (fraction a b).
Proof. intros a b. assert (H := fraction_spec a b). destruct (fraction a b) as [[c d]|]; [apply H|exact I]. Qed.

(** Of fractions a / b <= c / d. *)
Lemma ordered_ends : forall a b c d r, 0 < IZR b -> 0 < IZR d -> IZR a * IZR d <= IZR c * IZR b ->
  (r * IZR b <= IZR a -> r * IZR d <= IZR c) /\ (IZR c <= r * IZR d -> IZR a <= r * IZR b).
Proof.
  intros a b c d r B D H. split; intro L.
  - apply Rmult_le_reg_r with (IZR b); [exact B|]. apply (Rmult_le_compat_r (IZR d)) in L; lra.
  - apply Rmult_le_reg_r with (IZR d); [exact D|]. apply (Rmult_le_compat_r (IZR b)) in L; lra.
Qed.

Lemma below_true : forall a b c d, below (a, b) (c, d) = true -> IZR a * IZR d < IZR c * IZR b.
Proof. intros a b c d H. unfold below in H. apply Z.ltb_lt, IZR_lt in H. rewrite !mult_IZR in H. exact H. Qed.

Lemma below_false : forall a b c d, below (a, b) (c, d) = false -> IZR c * IZR b <= IZR a * IZR d.
Proof. intros a b c d H. unfold below in H. apply Z.ltb_ge, IZR_le in H. rewrite !mult_IZR in H. exact H. Qed.

Lemma hull_proper : forall i j, proper i -> proper j -> proper (hull i j).
Proof.
  intros [[p|] [q|]] [[p'|] [q'|]] [A B] [C D]; unfold proper, hull in *; cbn [fst snd] in *; split; try exact I;
    destruct (below _ _); assumption.
Qed.

Lemma hulls_proper : forall I J, Forall proper I -> Forall proper J -> Forall proper (hulls I J).
Proof.
  induction I as [|i I IH]; intros J PI PJ; [constructor|]. destruct PJ as [|j J PJ PJ']; [constructor|].
  inversion PI; subst. cbn [hulls]. constructor; [apply hull_proper; assumption|apply IH; assumption].
Qed.

Lemma hull_holds : forall i j r, proper i -> proper j -> holds r i \/ holds r j -> holds r (hull i j).
Proof.
  intros [u l] [u' l'] r [A B] [C D] H. unfold hull, holds in *. cbn [fst snd] in *. split.
  - assert (M : at_most r u \/ at_most r u') by tauto. clear - A C M.
    destruct u as [[a b]|], u' as [[c d]|]; try exact I. cbn [proper_end] in A, C.
    destruct (below (a, b) (c, d)) eqn:E; destruct M as [M|M]; cbn [at_most] in *; try exact M.
    + apply below_true in E. apply (ordered_ends a b c d r A C ltac:(lra)), M.
    + apply below_false in E. apply (ordered_ends c d a b r C A E), M.
  - assert (M : at_least r l \/ at_least r l') by tauto. clear - B D M.
    destruct l as [[a b]|], l' as [[c d]|]; try exact I. cbn [proper_end] in B, D.
    destruct (below (a, b) (c, d)) eqn:E; destruct M as [M|M]; cbn [at_least] in *; try exact M.
    + apply below_true in E. apply (ordered_ends a b c d r B D ltac:(lra)), M.
    + apply below_false in E. apply (ordered_ends c d a b r D B E), M.
Qed.

Lemma hulls_within : forall I J, Forall proper I -> Forall proper J -> forall directions v,
  within directions I v \/ within directions J v -> within directions (hulls I J) v.
Proof.
  induction I as [|i I IH]; intros J PI PJ directions v H; [exact Logic.I|].
  destruct PJ as [|j J PJ PJ']; [exact Logic.I|]. inversion PI; subst.
  destruct directions as [|direction directions]; cbn [hulls within] in *; [tauto|]. split.
  - apply hull_holds; [assumption|assumption|]. tauto.
  - apply IH; [assumption|assumption|]. tauto.
Qed.

Lemma ends_before_spec : forall i j r, proper i -> proper j -> ends_before i j = true -> holds r i -> holds r j -> False.
Proof.
  intros [u l] [u' l'] r [A _] [_ D] E [H _] [_ H']. unfold ends_before in E. cbn [fst snd] in *.
  destruct u as [[a b]|]; [|discriminate]. destruct l' as [[c d]|]; [|discriminate]. cbn [proper_end at_most at_least] in *.
  apply below_true in E. apply (Rmult_le_compat_r (IZR d)) in H; [|lra]. apply (Rmult_le_compat_r (IZR b)) in H'; lra.
Qed.

(** Nothing lies in disjoint intervals. *)
Theorem disjoint_sound : forall I J, Forall proper I -> Forall proper J -> disjoint I J = true ->
  forall directions v, within directions I v -> within directions J v -> False.
Proof.
  induction I as [|i I IH]; intros J PI PJ H directions v A B; [discriminate|].
  destruct J as [|j J]; [discriminate|]. inversion PI; inversion PJ; subst.
  destruct directions as [|direction directions]; [exact A|]. cbn [disjoint within] in *.
  destruct A as [A A'], B as [B B']. apply orb_prop in H as [H|H]; [apply orb_prop in H as [H|H]|].
  - apply (ends_before_spec i j (idot direction v)); assumption.
  - apply (ends_before_spec j i (idot direction v)); assumption.
  - apply (IH J ltac:(assumption) ltac:(assumption) H directions v A' B').
Qed.
