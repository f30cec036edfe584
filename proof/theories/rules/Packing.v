(** Rule "packing": n pairwise disjoint refuters. With epsilon see PackingNearby.v. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Streams Integers Rows Domains Interior Elimination Tables Combinations.
Import ListNotations.
Open Scope Z_scope.

(** The rows of a refuter added to those that are used, unless one is used already. *)
Fixpoint with_rows (used : Z) (C : list term) : outcome Z :=
  match C with
  | [] => Good used
  | t :: C' => if member used (row_number t) then Bad (RowUsed (row_number t)) else with_rows (with_member used (row_number t)) C'
  end.

(** How many refuters there are, each acceptable and with no row of another. *)
Fixpoint count_disjoint (m : Z) (K : integer_domain) (functions : table integer_row)
  (refuters : stream (list (Z * Z))) (used count : Z) : outcome Z :=
  match refuters with
  | Done => Good count
  | More pairs rest =>
      match support_of_refuter m K functions pairs with
      | Bad why => Bad why
      | Good support =>
          match with_rows used support with
          | Good used' => count_disjoint m K functions rest used' (count + 1)
          | Bad why => Bad why
          end
      end
  end.

Definition check_packing (n : nat) (m : Z) (K : integer_domain) (functions : table integer_row)
  (refuters : stream (list (Z * Z))) : outcome unit :=
  match count_disjoint m K functions refuters 0 0 with
  | Good count => if count <? Z.of_nat n then Bad TooFewRefuters else Good tt
  | Bad why => Bad why
  end.

Open Scope R_scope.

Section Sound.

Variable n : nat.
Variable K : domain.
Variable IK : integer_domain.
Variable m : Z.
Variable functions : table integer_row.
Variables z v : point.
Hypothesis made : domain_made n K IK.
Hypothesis lengths : forall t, named functions t -> length (weights (function t)) = n.
Hypothesis halfspaces_below : forall t, named functions t -> is_row m t = false -> forall x, inside n K x -> value (function t) x <= 0.
Hypothesis inside_z : inside n K z.
Hypothesis escape : forall t, named functions t -> is_row m t = true ->
  idot (weights (function t)) v = 0 \/ value (function t) z < 0.

(** Different rows of the layer, all used, that v is orthogonal to. *)
Definition orthogonal_rows (used : Z) (I : list Z) : Prop :=
  NoDup I /\ forall i, In i I -> member used i = true /\ exists r, entry functions i = Some r /\ (i < m)%Z /\ idot (weights r) v = 0.

Lemma with_rows_spec : forall C used used', with_rows used C = Good used' ->
  (forall t, In t C -> named functions t) ->
  (forall k, member used k = true -> member used' k = true) /\
  (forall t, In t C -> member used (row_number t) = false /\ member used' (row_number t) = true).
Proof.
  induction C as [|t C IH]; intros used used' H N; cbn [with_rows] in H.
  - injection H as <-. split; [auto|intros t []].
  - destruct (member used (row_number t)) eqn:M; [discriminate|].
    assert (T0 : (0 <= row_number t)%Z) by (apply (entry_number _ _ _ _ (N t (or_introl eq_refl)))).
    destruct (IH _ _ H (fun s S => N s (or_intror S))) as [A B]. split.
    + intros k Mk. apply A, member_with_other; assumption.
    + intros s [<-|S].
      * split; [exact M|]. apply A, member_with_self, T0.
      * destruct (B s S) as [B1 B2]. split; [|exact B2].
        destruct (member used (row_number s)) eqn:E; [|reflexivity].
        rewrite (member_with_other _ _ _ T0 E) in B1. discriminate.
Qed.

Lemma count_disjoint_sound : forall refuters used count result,
  count_disjoint m IK functions refuters used count = Good result ->
  forall I, orthogonal_rows used I -> count = Z.of_nat (length I) ->
  exists J used', orthogonal_rows used' J /\ result = Z.of_nat (length J).
Proof.
  induction refuters as [|pairs rest IH]; intros used count result H I O L; cbn [count_disjoint] in H.
  - injection H as <-. exists I, used. auto.
  - destruct (support_of_refuter m IK functions pairs) as [C|] eqn:E; [|discriminate].
    destruct (with_rows used C) as [used'|] eqn:W; [|discriminate].
    destruct (support_of_refuter_sound n K IK m functions made lengths halfspaces_below pairs C E) as [CN CX].
    destruct (with_rows_spec C used used' W (fun t T => proj1 (CN t T))) as [A B].
    destruct (CX z inside_z) as (t & T & V). destruct (CN t T) as [TN TR]. destruct (B t T) as [U1 U2].
    apply (IH _ _ _ H (row_number t :: I)).
    + destruct O as [ND OI]. split.
      * constructor; [|exact ND]. intro F. apply OI in F as [F _]. congruence.
      * intros i [<-|F].
        -- split; [exact U2|]. exists (function t). split; [exact TN|]. split; [apply Z.ltb_lt, TR|].
           destruct (escape t TN TR); [assumption|lra].
        -- destruct (OI i F) as [F1 F2]. split; [apply A, F1|exact F2].
    + cbn [length]. lia.
Qed.

Theorem check_packing_sound : forall refuters, check_packing n m IK functions refuters = Good tt ->
  exists J, NoDup J /\ length J = n /\
    forall i, In i J -> exists r, entry functions i = Some r /\ (i < m)%Z /\ idot (weights r) v = 0.
Proof.
  intros refuters H. unfold check_packing in H.
  destruct (count_disjoint m IK functions refuters 0 0) as [count|] eqn:E; [|discriminate].
  destruct (count <? Z.of_nat n)%Z eqn:C; [discriminate|]. apply Z.ltb_ge in C.
  destruct (count_disjoint_sound _ _ _ _ E []) as (J & used & [ND OJ] & L).
  - split; [constructor|intros i []].
  - reflexivity.
  - exists (firstn n J). assert (LJ : (n <= length J)%nat) by lia. split; [|split].
    + rewrite <- (firstn_skipn n J) in ND. clear - ND. induction (firstn n J) as [|a l IH]; [constructor|].
      cbn [app] in ND. inversion ND as [|? ? A B]; subst. constructor; [|apply IH, B].
      intro I. apply A, in_or_app. left. exact I.
    + apply firstn_length_le, LJ.
    + intros i I. apply (OJ i). rewrite <- (firstn_skipn n J). apply in_or_app. left. exact I.
Qed.

End Sound.
