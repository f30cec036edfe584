(** Square roots of rational numbers that are not negative.

    Coq's own root rests on an axiom about the reals more than everything else here does; the root of a rational number
    is a limit of rational numbers and needs only that Cauchy sequences have limits. *)

From Coq Require Import ZArith QArith Qreals Reals Lra Lia.
From Coq Require Import ConstructiveCauchyReals ConstructiveCauchyRealsMult ConstructiveCauchyAbs ConstructiveRcomplete.
Open Scope R_scope.

(** 1 / p as Coq's Cauchy sequences have it. *)
Lemma part_of_one : forall p, CRealEq (inject_Q (1 # p)) (Rrepr (/ IZR (Zpos p))).
Proof.
  intro p. assert (P : 0 < IZR (Zpos p)) by (apply (IZR_lt 0); reflexivity).
  replace (/ IZR (Zpos p)) with (Rabst (inject_Q (1 # p))); [rewrite Rquot2; reflexivity|].
  apply Rmult_eq_reg_r with (IZR (Zpos p)); [|lra]. rewrite Rinv_l by lra. apply Rquot1.
  rewrite Rrepr_mult, Rrepr_IZR, Rrepr_1, Rquot2. unfold inject_Z. rewrite <- inject_Q_mult. apply inject_Q_morph.
  unfold Qeq. simpl. lia.
Qed.

(** What gets closer has a limit. *)
Lemma limit_of : forall u : nat -> R,
  (forall p i j, (Pos.to_nat p <= i)%nat -> (Pos.to_nat p <= j)%nat -> u i - u j <= / IZR (Zpos p)) ->
  exists l, forall p, exists i, (Pos.to_nat p <= i)%nat /\ u i - l <= / IZR (Zpos p) /\ l - u i <= / IZR (Zpos p).
Proof.
  intros u H.
  assert (C : Un_cauchy_mod (fun i => Rrepr (u i))).
  { intro p. exists (Pos.to_nat p). intros i j I J. rewrite part_of_one, <- Rrepr_minus. apply CReal_abs_le.
    rewrite <- Rrepr_opp. split; apply Rrepr_le; [assert (B := H p j i J I); lra|apply H; assumption]. }
  destruct (Rcauchy_complete _ C) as (l & L). exists (Rabst l). intro p. destruct (L p) as (k & K).
  exists (Nat.max k (Pos.to_nat p)). split; [lia|]. specialize (K (Nat.max k (Pos.to_nat p)) ltac:(lia)).
  set (i := Nat.max k (Pos.to_nat p)) in *. rewrite part_of_one in K.
  assert (A := CReal_le_trans _ _ _ (CReal_le_abs _) K). rewrite CReal_abs_minus_sym in K.
  assert (B := CReal_le_trans _ _ _ (CReal_le_abs _) K).
  split; apply Rrepr_le; rewrite Rrepr_minus, Rquot2; assumption.
Qed.

Lemma less_by_squares : forall a b, 0 <= b -> a * a < b * b -> a < b.
Proof. intros a b B H. destruct (Rlt_or_le a b) as [L|L]; [exact L|nra]. Qed.

(** No number below all 1 / p is positive. *)
Lemma below_all_parts : forall c d, 0 <= c -> (forall p, d <= c * / IZR (Zpos p)) -> d <= 0.
Proof.
  intros c d C H. destruct (Rle_or_lt d 0) as [L|L]; [exact L|exfalso].
  destruct (archimed (c / d)) as [A _]. assert (Q : 0 <= c / d) by (apply Rmult_le_pos; [exact C|apply Rlt_le, Rinv_0_lt_compat, L]).
  assert (U : (0 < up (c / d))%Z) by (apply lt_IZR; lra). destruct (up (c / d)) as [|p|p]; try discriminate U.
  specialize (H p). assert (P : 0 < IZR (Zpos p)) by (apply (IZR_lt 0); reflexivity).
  assert (E : c < d * IZR (Zpos p)).
  { apply Rmult_lt_reg_r with (/ d); [apply Rinv_0_lt_compat, L|]. replace (d * IZR (Zpos p) * / d) with (IZR (Zpos p)) by (field; lra). lra. }
  assert (F : d * IZR (Zpos p) <= c); [|lra].
  apply Rmult_le_reg_r with (/ IZR (Zpos p)); [apply Rinv_0_lt_compat, P|]. rewrite Rmult_assoc, Rinv_r by lra. lra.
Qed.

Lemma integer_root : forall m, (0 <= m)%Z -> exists l, 0 <= l /\ l * l = IZR m.
Proof.
  intros m M. set (N := fun i : nat => Z.of_nat (S i)). set (r := fun i => Z.sqrt (m * (N i * N i))).
  set (u := fun i => IZR (r i) / IZR (N i)).
  assert (N0 : forall i, 0 < IZR (N i)) by (intro i; apply (IZR_lt 0); unfold N; lia).
  assert (S : forall i, 0 <= u i /\ u i * u i <= IZR m < (u i + / IZR (N i)) * (u i + / IZR (N i))).
  { intro i. specialize (N0 i). destruct (Z.sqrt_spec (m * (N i * N i)) ltac:(unfold N; nia)) as [A B].
    assert (R0 := Z.sqrt_nonneg (m * (N i * N i))). fold (r i) in A, B, R0.
    apply IZR_le in A, R0. apply IZR_lt in B. rewrite !mult_IZR, succ_IZR in B. rewrite !mult_IZR in A.
    assert (I : 0 < / IZR (N i)) by (apply Rinv_0_lt_compat, N0). unfold u, Rdiv. split; [nra|].
    set (a := IZR (r i)) in *. set (b := IZR (N i)) in *.
    split; [apply Rmult_le_reg_r with (b * b); [nra|]|apply Rmult_lt_reg_r with (b * b); [nra|]].
    - replace (a * / b * (a * / b) * (b * b)) with (a * a) by (field; lra). lra.
    - replace ((a * / b + / b) * (a * / b + / b) * (b * b)) with ((a + 1) * (a + 1)) by (field; lra). lra. }
  assert (C : forall p i j, (Pos.to_nat p <= i)%nat -> (Pos.to_nat p <= j)%nat -> u i - u j <= / IZR (Zpos p)).
  { intros p i j _ J. destruct (S i) as (A & B & _), (S j) as (A' & _ & B').
    assert (I : 0 < / IZR (N j)) by (apply Rinv_0_lt_compat, N0).
    assert (L : u i < u j + / IZR (N j)) by (apply less_by_squares; lra).
    assert (K : / IZR (N j) <= / IZR (Zpos p)).
    { apply Rinv_le_contravar; [apply (IZR_lt 0); reflexivity|]. apply IZR_le. unfold N. lia. }
    lra. }
  destruct (limit_of u C) as (l & L).
  assert (L0 : 0 <= l).
  { assert (- l <= 0); [|lra]. apply (below_all_parts 1); [lra|]. intro p. destruct (L p) as (i & _ & A & _).
    destruct (S i) as (U & _). lra. }
  exists l. split; [exact L0|]. apply Rle_antisym.
  - assert (l * l - IZR m <= 0); [|lra]. apply (below_all_parts (2 * l)); [lra|]. intro p. destruct (L p) as (i & _ & _ & B).
    destruct (S i) as (U & V & _). assert (P : 0 < / IZR (Zpos p)) by (apply Rinv_0_lt_compat, (IZR_lt 0); reflexivity).
    set (e := / IZR (Zpos p)) in *. destruct (Rle_or_lt l e) as [T|T]; [|nra].
    apply IZR_le in M. nra.
  - assert (IZR m - l * l <= 0); [|lra]. apply (below_all_parts (4 * l + 4)); [lra|]. intro p. destruct (L p) as (i & I & A & _).
    destruct (S i) as (U & _ & V). assert (P1 : 1 <= IZR (Zpos p)) by (apply (IZR_le 1); lia).
    assert (P : 0 < / IZR (Zpos p)) by (apply Rinv_0_lt_compat; lra).
    assert (E1 : / IZR (Zpos p) <= 1) by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra).
    assert (K : 0 < / IZR (N i) <= / IZR (Zpos p)).
    { split; [apply Rinv_0_lt_compat, N0|]. apply Rinv_le_contravar; [lra|]. apply IZR_le. unfold N. lia. }
    set (e := / IZR (Zpos p)) in *. set (f := / IZR (N i)) in *.
    assert ((u i + f) * (u i + f) <= (l + 2 * e) * (l + 2 * e)) by (apply Rmult_le_compat; lra). nra.
Qed.

(** The root of a rational number. *)
Theorem rational_root : forall q, 0 <= Q2R q -> exists a, 0 <= a /\ a * a = Q2R q.
Proof.
  intros q H. assert (D : 0 < IZR (QDen q)) by (apply (IZR_lt 0); reflexivity). unfold Q2R in *.
  assert (T : (0 <= Qnum q)%Z).
  { apply le_IZR. replace (IZR (Qnum q)) with (IZR (Qnum q) * / IZR (QDen q) * IZR (QDen q)) by (field; lra). nra. }
  destruct (integer_root (Qnum q * QDen q) ltac:(nia)) as (l & L & E). rewrite mult_IZR in E.
  exists (l * / IZR (QDen q)). split; [apply Rmult_le_pos; [exact L|apply Rlt_le, Rinv_0_lt_compat, D]|].
  replace (l * / IZR (QDen q) * (l * / IZR (QDen q))) with (l * l * / IZR (QDen q) * / IZR (QDen q)) by ring.
  rewrite E. field. lra.
Qed.
