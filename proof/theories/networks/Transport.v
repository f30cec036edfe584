(** The preimages of one regular value are carried to those of another, different ones to different ones. *)

From Coq Require Import List Arith Reals Lra Lia FunctionalExtensionality.
From Proof Require Import Layers Integers Rows Domains Interior Sums.
From Proof.networks Require Import Flats FoldedMaps Walls.
Import ListNotations.
Open Scope R_scope.

(** Of functions h + t k that are positive at 0, either none is negative at T, or at some time before one is 0 and none negative. *)
Lemma first_zero : forall A (l : list A) (h k : A -> R) T, 0 < T -> (forall a, In a l -> 0 < h a) ->
  (forall a, In a l -> 0 <= h a + T * k a) \/
  exists r, 0 < r < T /\ (forall a, In a l -> 0 <= h a + r * k a) /\ exists a, In a l /\ h a + r * k a = 0.
Proof.
  induction l as [|b l IH]; intros h k T T0 H; [left; intros a []|].
  (* if the others are not negative at time S, but b is, then b is 0 before *)
  assert (Step : forall S, 0 < S -> (forall a, In a l -> 0 <= h a + S * k a) -> h b + S * k b < 0 ->
    exists r, 0 < r < S /\ (forall a, In a (b :: l) -> 0 <= h a + r * k a) /\ exists a, In a (b :: l) /\ h a + r * k a = 0).
  { intros S S0 HS B. assert (Hb := H b (or_introl eq_refl)).
    assert (K : k b < 0). { apply Rmult_lt_reg_l with S; [exact S0|]. lra. }
    exists (h b / - k b).
    assert (E : h b / - k b * - k b = h b) by (field; lra).
    assert (R0 : 0 < h b / - k b) by (apply Rdiv_lt_0_compat; lra).
    assert (RS : h b / - k b < S). { apply Rmult_lt_reg_r with (- k b); lra. }
    split; [lra|]. split; [|exists b; split; [left; reflexivity|lra]].
    intros a [<-|I]; [lra|]. assert (Ha := H a (or_intror I)). specialize (HS a I).
    set (r := h b / - k b) in *. apply Rmult_le_reg_l with S; [exact S0|].
    replace (S * (h a + r * k a)) with ((S - r) * h a + r * (h a + S * k a)) by ring.
    assert (0 <= (S - r) * h a) by (apply Rmult_le_pos; lra). assert (0 <= r * (h a + S * k a)) by (apply Rmult_le_pos; lra). lra. }
  destruct (IH h k T T0) as [L|(r & [R0 RT] & L & a & I & Z)]; [intros a I; apply H; right; exact I| |].
  - destruct (Rlt_le_dec (h b + T * k b) 0) as [B|B].
    + right. destruct (Step T T0 L B) as (r & R & X). exists r. auto.
    + left. intros a [<-|I]; auto.
  - right. destruct (Rlt_le_dec (h b + r * k b) 0) as [B|B].
    + destruct (Step r R0 L B) as (r' & R & X). exists r'. split; [lra|exact X].
    + exists r. split; [lra|]. split; [|exists a; split; [right; exact I|exact Z]]. intros a' [<-|I']; auto.
Qed.

(** Other members of a list are not arbitrarily near. *)
Lemma apart : forall l s, exists e, 0 < e /\ forall r, In r l -> r <> s -> e < Rabs (r - s).
Proof.
  induction l as [|q l IH]; intro s; [exists 1; split; [lra|]; intros r []|].
  destruct (IH s) as (e & e0 & E). destruct (Req_EM_T q s) as [->|N].
  - exists e. split; [exact e0|]. intros r [<-|I] D; [contradiction|]. apply E; assumption.
  - assert (0 < Rabs (q - s)) by (apply Rabs_pos_lt; lra).
    exists (Rmin e (Rabs (q - s) / 2)). assert (ML := Rmin_l e (Rabs (q - s) / 2)). assert (MR := Rmin_r e (Rabs (q - s) / 2)).
    split; [apply Rmin_glb_lt; lra|]. intros r [<-|I] D; [lra|]. specialize (E r I D). lra.
Qed.

Section Transport.
Variable F : folded.
Hypothesis LF : linear F.
Hypothesis CF : coherent F.

(** In the closure of its cell a preimage moves along, as long as the values stay regular. *)
Lemma stays : forall c d t T P z u, t < T -> open_cell F P z -> fold_value F z = on c d t -> derivative F P u = d ->
  (forall s, t < s < T -> regular F (on c d s)) -> closed_cell F P (plus z (times (T - t) u)).
Proof.
  intros c d t T P z u tT Z V U R.
  set (sign := fun i : nat => if P i then 1 else -1).
  assert (S : forall s x i, In i (folds F) -> x = plus z (times s u) ->
    (if P i then 0 <= level F i x else level F i x <= 0) <-> 0 <= sign i * level F i z + s * (sign i * lin F i u)).
  { intros s x i _ ->. rewrite (level_along F LF). unfold sign. destruct (P i); split; intro; lra. }
  destruct (first_zero _ (folds F) (fun i => sign i * level F i z) (fun i => sign i * lin F i u) (T - t))
    as [L|(r & [R0 RT] & L & i & I & E)].
  - lra.
  - intros i I. specialize (Z i I). unfold sign. destruct (P i); lra.
  - intros i I. apply (S (T - t) _ i I eq_refl), L, I.
  - exfalso. assert (C : closed_cell F P (plus z (times r u))).
    { intros i' I'. apply (S r _ i' I' eq_refl), L, I'. }
    apply (R (t + r) ltac:(lra) (plus z (times r u))) with i; [|exact I|].
    + rewrite (closed_value F P _ C). replace r with ((t + r) - t) at 1 by ring. apply (piece_on F LF); [|exact U].
      rewrite <- (closed_value F P z); [exact V|]. apply open_closed, Z.
    + rewrite (level_along F LF). unfold sign in E. destruct (P i); lra.
Qed.

(** The pattern on the other side of the folds that meet in w. *)
Definition flip (w : point) (P : nat -> bool) (i : nat) : bool := if Req_EM_T (level F i w) 0 then negb (P i) else P i.

Lemma flip_flip : forall w P Q, (forall i, In i (folds F) -> Q i = flip w P i) -> forall i, In i (folds F) -> P i = flip w Q i.
Proof.
  intros w P Q H i I. specialize (H i I). unfold flip in *. destruct (Req_EM_T (level F i w) 0); rewrite H; [|reflexivity].
  symmetry. apply Bool.negb_involutive.
Qed.

(** What arrives at a simple crossing in one cell leaves it in the cell on the other side. *)
Lemma cross : forall P w u d, cell F P -> closed_cell F P w -> derivative F P u = d ->
  (forall i, In i (folds F) -> level F i w = 0 -> if P i then lin F i u < 0 else 0 < lin F i u) ->
  (forall i j x, In i (folds F) -> In j (folds F) -> level F i w = 0 -> level F j w = 0 ->
    lin F j u * lin F i x = lin F i u * lin F j x) ->
  cell F (flip w P) /\ exists v, derivative F (flip w P) v = d /\ enters F (flip w P) w v.
Proof.
  intros P w u d C X U B M.
  assert (E : forall q, (forall i, In i (folds F) -> level F i w = 0 -> if P i then lin F i q < 0 else 0 < lin F i q) ->
    enters F (flip w P) w q).
  { intros q Q i I. specialize (Q i I). specialize (X i I). unfold flip. destruct (Req_EM_T (level F i w) 0) as [Z|N].
    - specialize (Q Z). destruct (P i); cbn [negb]; right; auto.
    - destruct (P i); left; lra. }
  assert (CQ : cell F (flip w P)).
  { destruct (small_open F LF _ _ _ (E u B)) as (T & T0 & H). exists (plus w (times T u)). apply H. lra. }
  split; [exact CQ|]. destruct (onto F CF (flip w P) d CQ) as (v & V). exists v. split; [exact V|]. apply E.
  intros i I Z. specialize (B i I Z). assert (Ni : lin F i u <> 0) by (destruct (P i); lra).
  set (weight := fun k => if Req_EM_T (level F k w) 0 then (if P k then -1 else 1) * (lin F k u / lin F i u) else 0).
  set (column := (fun j => sum (folds F) (fun k => weight k * col F k j)) : point).
  assert (D : forall x, derivative F (flip w P) x = plus (derivative F P x) (times (lin F i x) column)).
  { intro x. apply functional_extensionality. intro j. unfold plus, times, derivative, column.
    rewrite <- sum_times, Rplus_assoc, <- sum_plus. f_equal. apply sum_ext. intros k K. unfold flip, weight.
    destruct (Req_EM_T (level F k w) 0) as [Zk|]; [|destruct (P k); ring].
    replace (lin F k x) with (lin F k u / lin F i u * lin F i x).
    - destruct (P k); cbn [negb]; ring.
    - apply Rmult_eq_reg_l with (lin F i u); [|exact Ni]. rewrite <- (M i k x I K Z Zk). field. exact Ni. }
  assert (G := crosses F CF P (flip w P) i column).
  destruct (P i).
  - assert (0 < lin F i (times (-1) v)).
    { apply (G (times (-1) u)); auto.
      - rewrite !(derivative_times F LF), U, V. reflexivity.
      - rewrite (lin_times F LF). lra. }
    rewrite (lin_times F LF) in H. lra.
  - apply (G u); auto. congruence.
Qed.

(** The preimages z at time t and z' at time t' come from one point at time s. *)
Definition linked (d : point) (t s t' : R) (z z' : point) : Prop :=
  exists P Q u v w, cell F P /\ cell F Q /\ open_cell F Q z' /\ derivative F P u = d /\ derivative F Q v = d /\
    z = plus w (times (t - s) u) /\ z' = plus w (times (t' - s) v) /\ forall i, In i (folds F) -> P i = flip w Q i.

Lemma linked_unique : forall d t s t' z1 z2 z', linked d t s t' z1 z' -> linked d t s t' z2 z' -> z1 = z2.
Proof.
  intros d t s t' z1 z2 z' (P1 & Q1 & u1 & v1 & w1 & CP1 & CQ1 & Z1 & U1 & V1 & E1 & E1' & F1)
    (P2 & Q2 & u2 & v2 & w2 & CP2 & CQ2 & Z2 & U2 & V2 & E2 & E2' & F2).
  assert (EQ := one_pattern F Q1 Q2 z' Z1 Z2).
  assert (EV : v1 = v2).
  { apply (derivative_injective F LF CF Q1); [exact CQ1|]. rewrite V1. rewrite (derivative_ext F Q1 Q2 EQ). auto. }
  subst v2. assert (EW : w1 = w2).
  { rewrite E1' in E2'. apply functional_extensionality. intro j. apply (f_equal (fun x => x j)) in E2'.
    unfold plus in E2'. lra. }
  subst w2. assert (EP : forall i, In i (folds F) -> P1 i = P2 i).
  { intros i I. rewrite (F1 i I), (F2 i I). unfold flip. rewrite (EQ i I). reflexivity. }
  assert (EU : u1 = u2).
  { apply (derivative_injective F LF CF P1); [exact CP1|]. rewrite U1. rewrite (derivative_ext F P1 P2 EP). auto. }
  subst u2. congruence.
Qed.

Lemma passes : forall c d t s t' z, t < s < t' -> (forall r, t <= r <= t' -> r <> s -> regular F (on c d r)) ->
  simple F c d s -> fold_value F z = on c d t -> exists z', fold_value F z' = on c d t' /\ linked d t s t' z z'.
Proof.
  intros c d t s t' z [ts st'] R S V.
  destruct (generic_cell F z (R t ltac:(lra) ltac:(lra) z V)) as (P & Z).
  assert (CP : cell F P) by (exists z; exact Z).
  destruct (onto F CF P d CP) as (u & U).
  set (w := plus z (times (s - t) u)).
  assert (W : closed_cell F P w) by (apply (stays c d t s); auto; intros r ?; apply R; lra).
  assert (VW : fold_value F w = on c d s).
  { rewrite (closed_value F P w W). apply (piece_on F LF); [|exact U].
    rewrite <- (closed_value F P z); [exact V|]. apply open_closed, Z. }
  destruct (S w P u VW CP W U) as [T M].
  destruct (cross P w u d CP W U) as (CQ & v & VV & E).
  { intros i I Zi. specialize (T i I Zi). specialize (Z i I).
    assert (L := level_along F LF i z (s - t) u). fold w in L.
    destruct (P i).
    - apply Rmult_lt_reg_l with (s - t); lra.
    - apply Rmult_lt_reg_l with (s - t); lra. }
  { exact M. }
  set (Q := flip w P) in *. assert (WQ := enters_closed F _ _ _ E).
  destruct (small_open F LF _ _ _ E) as (e & e0 & He).
  set (r := Rmin e ((t' - s) / 2)).
  assert (r0 : 0 < r) by (apply Rmin_glb_lt; lra).
  assert (re := Rmin_l e ((t' - s) / 2)). assert (rt := Rmin_r e ((t' - s) / 2)). fold r in re, rt.
  assert (Z1 := He r ltac:(lra)). set (z1 := plus w (times r v)) in *.
  assert (PW : piece F Q w = on c d s) by (rewrite <- (closed_value F Q w WQ); exact VW).
  assert (V1 : fold_value F z1 = on c d (s + r)).
  { rewrite (closed_value F Q z1 (open_closed F Q z1 Z1)). unfold z1.
    replace r with ((s + r) - s) at 1 by ring. apply (piece_on F LF); assumption. }
  assert (Z' : closed_cell F Q (plus z1 (times (t' - (s + r)) v))).
  { apply (stays c d (s + r) t'); auto; [lra|]. intros q ?. apply R; lra. }
  replace (plus z1 (times (t' - (s + r)) v)) with (plus w (times (t' - s) v)) in Z' by (unfold z1; vector; ring).
  assert (V' : fold_value F (plus w (times (t' - s) v)) = on c d t').
  { rewrite (closed_value F Q _ Z'). apply (piece_on F LF); assumption. }
  exists (plus w (times (t' - s) v)). split; [exact V'|].
  exists P, Q, u, v, w. split; [exact CP|]. split; [exact CQ|].
  split; [apply (closed_generic F Q _ Z'), (R t' ltac:(lra) ltac:(lra) _ V')|].
  split; [exact U|]. split; [exact VV|]. split; [unfold w; vector; ring|]. split; [reflexivity|].
  apply flip_flip. reflexivity.
Qed.

(** Preimages of c become preimages of c', different ones different ones. *)
Definition carries (c c' : point) : Prop := forall z1 z2, fold_value F z1 = c -> fold_value F z2 = c ->
  exists z1' z2', fold_value F z1' = c' /\ fold_value F z2' = c' /\ (z1' = z2' -> z1 = z2).

Lemma carries_on : forall c c' c'', carries c c' -> carries c' c'' -> carries c c''.
Proof.
  intros c c' c'' H H' z1 z2 V1 V2. destruct (H z1 z2 V1 V2) as (z1' & z2' & V1' & V2' & E).
  destruct (H' z1' z2' V1' V2') as (z1'' & z2'' & V1'' & V2'' & E'). exists z1'', z2''. auto.
Qed.

Lemma carries_past : forall c d t s t', t < s < t' -> (forall r, t <= r <= t' -> r <> s -> regular F (on c d r)) ->
  simple F c d s -> carries (on c d t) (on c d t').
Proof.
  intros c d t s t' T R S z1 z2 V1 V2.
  destruct (passes c d t s t' z1 T R S V1) as (z1' & V1' & L1). destruct (passes c d t s t' z2 T R S V2) as (z2' & V2' & L2).
  exists z1', z2'. split; [exact V1'|]. split; [exact V2'|]. intros <-. apply (linked_unique d t s t' z1 z2 z1' L1 L2).
Qed.

Lemma carries_along : forall c d ts t t', t < t' -> regular F (on c d t) -> regular F (on c d t') ->
  (forall r, t < r < t' -> ~ In r ts -> regular F (on c d r)) -> (forall s, t < s < t' -> simple F c d s) ->
  carries (on c d t) (on c d t').
Proof.
  intros c d. induction ts as [|s ts IH]; intros t t' T R0 R1 R S.
  - apply (carries_past c d t ((t + t') / 2) t'); [lra| |apply S; lra]. intros r Hr _.
    destruct (Req_EM_T r t) as [->|]; [exact R0|]. destruct (Req_EM_T r t') as [->|]; [exact R1|]. apply R; [lra|]. intros [].
  - assert (Out : ~ t < s < t' -> carries (on c d t) (on c d t')).
    { intro N. apply IH; auto. intros r Hr NI. apply R; [exact Hr|]. intros [<-|I]; auto. }
    destruct (Rlt_le_dec t s) as [A|A]; [|apply Out; lra]. destruct (Rlt_le_dec s t') as [A'|A']; [|apply Out; lra].
    destruct (apart ts s) as (e & e0 & E).
    set (m := Rmin e (Rmin ((s - t) / 2) ((t' - s) / 2))).
    assert (me := Rmin_l e (Rmin ((s - t) / 2) ((t' - s) / 2))). assert (mt := Rmin_r e (Rmin ((s - t) / 2) ((t' - s) / 2))).
    assert (mt1 := Rmin_l ((s - t) / 2) ((t' - s) / 2)). assert (mt2 := Rmin_r ((s - t) / 2) ((t' - s) / 2)).
    assert (m0 : 0 < m) by (unfold m; repeat apply Rmin_glb_lt; lra). fold m in me, mt.
    assert (Near : forall r, s - m <= r <= s + m -> r <> s -> regular F (on c d r)).
    { intros r Hr N. apply R; [lra|]. intros [->|I]; [apply N; reflexivity|]. specialize (E r I N).
      assert (Rabs (r - s) <= m) by (apply Rabs_le; lra). lra. }
    apply carries_on with (on c d (s - m)).
    + apply IH; auto; try lra.
      * apply Near; lra.
      * intros r Hr NI. apply R; [lra|]. intros [->|I]; [lra|contradiction].
      * intros q Hq. apply S. lra.
    + apply carries_on with (on c d (s + m)).
      * apply (carries_past c d (s - m) s (s + m)); [lra|exact Near|apply S; lra].
      * apply IH; auto; try lra.
        { apply Near; lra. }
        { intros r Hr NI. apply R; [lra|]. intros [->|I]; [lra|contradiction]. }
        { intros q Hq. apply S. lra. }
Qed.

(** It is enough that one end of the segment is off the walls, and that there folds meet simply, seen from the other end. *)
Lemma carries_line : forall c d t t', t < t' -> regular F (on c d t) -> regular F (on c d t') ->
  (exists s0 s1, (s0 = t /\ s1 = t' \/ s0 = t' /\ s1 = t) /\ off_walls F (on c d s1) /\ meets_simply F (on c d s0) (on c d s1)) ->
  ~ ~ carries (on c d t) (on c d t').
Proof.
  intros c d t t' T R0 R1 (s0 & s1 & S & O & M) N.
  apply (finitely_many F LF c d s1 O). intros (ts & H). apply N, (carries_along c d ts); auto.
  - intros r _ NI. apply (off_walls_regular F LF), H, NI.
  - intros s Hs. apply (simple_inside F LF c d s0 s1); auto; lra.
Qed.

Theorem transport : forall c0 c1, regular F c0 -> regular F c1 -> ~ ~ carries c0 c1.
Proof.
  intros c0 c1 R0 R1 N.
  set (Zs := walls F ++ meetings F c0 ++ meetings F c1).
  apply (avoid Zs).
  - intros Z I. apply in_app_or in I as [I|I]; [apply (walls_flat F LF Z I)|].
    apply in_app_or in I as [I|I]; apply (meetings_flat F LF CF _ Z I).
  - intros (c & A).
    assert (O : off_walls F c) by (apply (avoids_walls F LF CF c Zs); [apply incl_appl, incl_refl|exact A]).
    assert (M0 : meets_simply F c0 c) by (apply (avoids_meetings F LF CF c0 c Zs); [apply incl_appr, incl_appl, incl_refl|exact A]).
    assert (M1 : meets_simply F c1 c) by (apply (avoids_meetings F LF CF c1 c Zs); [apply incl_appr, incl_appr, incl_refl|exact A]).
    assert (R := off_walls_regular F LF c O).
    assert (E0 : forall x y : point, on x (plus y (times (-1) x)) 0 = x) by (intros; unfold on; vector; ring).
    assert (E1 : forall x y : point, on x (plus y (times (-1) x)) 1 = y) by (intros; unfold on; vector; ring).
    apply (carries_line c0 (plus c (times (-1) c0)) 0 1); rewrite ?E0, ?E1; auto; [lra| |].
    { exists 0, 1. rewrite E0, E1. auto. }
    intro C0. apply (carries_line c (plus c1 (times (-1) c)) 0 1); rewrite ?E0, ?E1; auto; [lra| |].
    { exists 1, 0. rewrite E0, E1. auto. }
    intro C1. apply N, (carries_on c0 c c1 C0 C1).
Qed.

End Transport.
