(** Sums of real numbers over a list. *)

From Coq Require Import List Reals Lra Lia.
Import ListNotations.
Open Scope R_scope.

Definition sum {A : Type} (l : list A) (f : A -> R) : R := fold_right (fun a s => f a + s) 0 l.

Lemma sum_cons : forall A (a : A) l f, sum (a :: l) f = f a + sum l f.
Proof. reflexivity. Qed.

Lemma sum_ext : forall A (l : list A) f g, (forall a, In a l -> f a = g a) -> sum l f = sum l g.
Proof.
  induction l as [|a l IH]; intros f g H; [reflexivity|]. unfold sum in *. cbn [fold_right].
  rewrite (H a (or_introl eq_refl)), (IH f g); [reflexivity|]. intros b B. apply H. right. exact B.
Qed.

Lemma sum_le : forall A (l : list A) f g, (forall a, In a l -> f a <= g a) -> sum l f <= sum l g.
Proof.
  induction l as [|a l IH]; intros f g H; [apply Rle_refl|]. unfold sum in *. cbn [fold_right].
  specialize (IH f g (fun b B => H b (or_intror B))). specialize (H a (or_introl eq_refl)). lra.
Qed.

Lemma sum_plus : forall A (l : list A) f g, sum l (fun a => f a + g a) = sum l f + sum l g.
Proof. induction l as [|a l IH]; intros f g; unfold sum in *; cbn [fold_right]; [ring|]. rewrite IH. ring. Qed.

Lemma sum_times : forall A (l : list A) c f, sum l (fun a => c * f a) = c * sum l f.
Proof. induction l as [|a l IH]; intros c f; unfold sum in *; cbn [fold_right]; [ring|]. rewrite IH. ring. Qed.

Lemma sum_zero : forall A (l : list A), sum l (fun _ => 0) = 0.
Proof. induction l as [|a l IH]; unfold sum in *; cbn [fold_right]; [reflexivity|]. rewrite IH. ring. Qed.

Lemma sum_first : forall k f, sum (seq 0 (S k)) f = f 0%nat + sum (seq 0 k) (fun i => f (S i)).
Proof.
  intros k f. unfold sum. cbn [seq fold_right]. f_equal. rewrite <- seq_shift.
  generalize (seq 0 k) as l. induction l as [|a l IH]; [reflexivity|]. cbn [map fold_right]. rewrite IH. reflexivity.
Qed.

Lemma sum_last : forall k f, sum (seq 0 (S k)) f = sum (seq 0 k) f + f k.
Proof.
  induction k as [|k IH]; intros f; [unfold sum; simpl; ring|]. rewrite (sum_first (S k)), (sum_first k f).
  rewrite (IH (fun i => f (S i))). ring.
Qed.

(** A part of what is not negative. *)
Lemma sum_part : forall A (f : A -> R), (forall a, 0 <= f a) -> forall l k, NoDup l -> incl l k -> sum l f <= sum k f.
Proof.
  intros A f F l. induction l as [|a l IH]; intros k ND I.
  - apply Rle_trans with (sum k (fun _ => 0)); [rewrite sum_zero; apply Rle_refl|apply sum_le; auto].
  - destruct (in_split a k) as (k1 & k2 & ->); [apply I; left; reflexivity|]. inversion ND as [|? ? NA ND']; subst.
    assert (E : sum (k1 ++ a :: k2) f = f a + sum (k1 ++ k2) f).
    { clear. induction k1 as [|b k1 IH]; [reflexivity|]. cbn [app]. rewrite !sum_cons, IH. ring. }
    rewrite E, sum_cons. apply Rplus_le_compat_l, IH; [exact ND'|]. intros b B.
    assert (B' := I b (or_intror B)). apply in_app_or in B'. apply in_or_app. destruct B' as [B'|[<-|B']]; auto. contradiction.
Qed.
