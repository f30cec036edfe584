(** Fewer linear equations than unknowns have a solution that is not 0. *)

From Coq Require Import List Bool Arith Reals Lra Lia.
From Proof Require Import Layers Integers Interior.
Import ListNotations.
Open Scope R_scope.

(** w_0 v_0 + ... + w_{n-1} v_{n-1}. *)
Fixpoint inner (n : nat) (w v : point) : R :=
  match n with
  | O => 0
  | S k => inner k w v + w k * v k
  end.

Definition nonzero (n : nat) (v : point) : Prop := exists k, (k < n)%nat /\ v k <> 0.

Lemma inner_ext : forall n w v u, same n v u -> inner n w v = inner n w u.
Proof.
  induction n as [|n IH]; intros w v u S; [reflexivity|]. cbn [inner]. rewrite (S n) by lia. f_equal.
  apply IH. intros k K. apply S. lia.
Qed.

Lemma inner_plus : forall n w v u, inner n w (plus v u) = inner n w v + inner n w u.
Proof. induction n as [|n IH]; intros w v u; cbn [inner]; [ring|]. rewrite IH. unfold plus. ring. Qed.

Lemma inner_times : forall n w t v, inner n w (times t v) = t * inner n w v.
Proof. induction n as [|n IH]; intros w t v; cbn [inner]; [ring|]. rewrite IH. unfold times. ring. Qed.

Lemma inner_left : forall n w t u v, inner n (plus w (times t u)) v = inner n w v + t * inner n u v.
Proof. induction n as [|n IH]; intros w t u v; cbn [inner]; [ring|]. rewrite IH. unfold plus, times. ring. Qed.

(** All vectors are 0 in a coordinate, or one is not. *)
Lemma pivot_or_zeros : forall k (W : list point),
  (forall w, In w W -> w k = 0) \/ exists A w B, W = A ++ w :: B /\ w k <> 0.
Proof.
  induction W as [|w W IH]; [left; intros w []|]. destruct (Req_dec (w k) 0) as [Z|N].
  - destruct IH as [IH|(A & u & B & -> & N)]; [left; intros u [<-|U]; auto|].
    right. exists (w :: A), u, B. split; [reflexivity|exact N].
  - right. exists [], w, W. split; [reflexivity|exact N].
Qed.

Definition with_last (n : nat) (v : point) (t : R) : point := fun k => if Nat.eqb k n then t else v k.

Lemma with_last_below : forall n v t, same n (with_last n v t) v.
Proof. intros n v t k K. unfold with_last. destruct (Nat.eqb_spec k n); [lia|reflexivity]. Qed.

Theorem fewer_equations : forall n (W : list point), (length W < n)%nat -> exists v, nonzero n v /\ forall w, In w W -> inner n w v = 0.
Proof.
  induction n as [|n IH]; intros W L; [lia|]. destruct (pivot_or_zeros n W) as [Z|(A & w & B & -> & N)].
  - exists (with_last n zero_point 1). split.
    + exists n. split; [lia|]. unfold with_last. rewrite Nat.eqb_refl. lra.
    + intros w I. cbn [inner]. rewrite (Z w I), (inner_ext n w _ _ (with_last_below n zero_point 1)).
      rewrite (inner_ext n w zero_point (times 0 zero_point)) by (intros k _; unfold times, zero_point; ring).
      rewrite inner_times. ring.
  - set (cleared := fun u : point => plus u (times (- (u n / w n)) w)).
    destruct (IH (map cleared (A ++ B))) as (v & NZ & E).
    { rewrite map_length, app_length. rewrite app_length in L. cbn in L. lia. }
    set (t := - (inner n w v / w n)). exists (with_last n v t).
    assert (S := with_last_below n v t).
    assert (T : with_last n v t n = t) by (unfold with_last; rewrite Nat.eqb_refl; reflexivity).
    assert (W0 : inner (Datatypes.S n) w (with_last n v t) = 0).
    { cbn [inner]. rewrite (inner_ext n w _ _ S), T. unfold t. field. exact N. }
    split.
    + destruct NZ as (k & K & NZ). exists k. split; [lia|]. rewrite (S k K). exact NZ.
    + assert (R : forall u, In u (A ++ B) -> inner (Datatypes.S n) u (with_last n v t) = 0).
      { intros u I. specialize (E (cleared u) (in_map _ _ _ I)). unfold cleared in E. rewrite inner_left in E.
        cbn [inner]. rewrite (inner_ext n u _ _ S), T. unfold t. rewrite <- E. unfold Rdiv. ring. }
      intros u I. apply in_app_iff in I as [I|[<-|I]]; [apply R, in_app_iff; auto|exact W0|apply R, in_app_iff; auto].
Qed.

(** A vector that is orthogonal to none of finitely many vectors that are not 0. *)
Theorem generic_vector : forall n (W : list point), (forall w, In w W -> nonzero n w) -> exists v, forall w, In w W -> inner n w v <> 0.
Proof.
  intro n. assert (U : forall w, nonzero n w -> exists u, inner n w u <> 0).
  { induction n as [|n IH]; intros w (k & K & N); [lia|]. destruct (Nat.eq_dec k n) as [->|D].
    - exists (with_last n zero_point 1). cbn [inner]. rewrite (inner_ext n w _ _ (with_last_below n zero_point 1)).
      rewrite (inner_ext n w zero_point (times 0 zero_point)) by (intros j _; unfold times, zero_point; ring).
      rewrite inner_times. unfold with_last. rewrite Nat.eqb_refl. lra.
    - destruct (IH w) as (u & E); [exists k; split; [lia|exact N]|]. exists (with_last n u 0). cbn [inner].
      rewrite (inner_ext n w _ _ (with_last_below n u 0)). unfold with_last. rewrite Nat.eqb_refl. lra. }
  induction W as [|w W IH]; intro H; [exists zero_point; intros w []|].
  destruct IH as (v & V); [intros u I; apply H; right; exact I|]. destruct (U w (H w (or_introl eq_refl))) as (u & E).
  assert (SM : for_small (fun t => forall f, In f (w :: W) -> inner n f (plus v (times t u)) <> 0)).
  { apply for_small_all. intros f F.
    assert (G : inner n f v <> 0 \/ (inner n f v = 0 /\ inner n f u <> 0)).
    { destruct F as [<-|F]; [|left; apply V, F]. destruct (Req_dec (inner n w v) 0); [right|left]; auto. }
    destruct G as [G|[G1 G2]].
    - destruct (Rtotal_order (inner n f v) 0) as [O|[O|O]]; [|contradiction|].
      + destruct (for_small_below (inner n f v) (inner n f u) 0 O) as (T & T0 & HT).
        destruct (for_small_below (inner n f v) (inner n f u) (inner n f v / 2)) as (T' & T0' & HT'); [lra|].
        exists T'. split; [exact T0'|]. intros t B. rewrite inner_plus, inner_times. destruct (HT' t B). lra.
      + destruct (for_small_below (- inner n f v) (- inner n f u) (- inner n f v / 2)) as (T & T0 & HT); [lra|].
        exists T. split; [exact T0|]. intros t B. rewrite inner_plus, inner_times. destruct (HT t B). lra.
    - exists 1. split; [lra|]. intros t B. rewrite inner_plus, inner_times, G1. rewrite Rplus_0_l. apply Rmult_integral_contrapositive. split; lra. }
  apply for_small_some in SM as (e & _ & SM). exists (plus v (times e u)). exact SM.
Qed.
