(** Vectors of integers: what the checker computes with. Sums go on to the end of the longer list. *)

From Coq Require Import List ZArith QArith Qreals Reals Lra Lia FunctionalExtensionality.
From Proof Require Import Layers.
Import ListNotations.
Open Scope Z_scope.

Fixpoint product (w y : list Z) : Z :=
  match w, y with
  | a :: w', b :: y' => a * b + product w' y'
  | _, _ => 0
  end.

(** p y - q z, entry by entry. *)
Fixpoint combined (p : Z) (y : list Z) (q : Z) (z : list Z) : list Z :=
  match y, z with
  | a :: y', b :: z' => p * a - q * b :: combined p y' q z'
  | [], _ => map (fun b => - (q * b)) z
  | _, [] => map (fun a => p * a) y
  end.

(** y + k z. *)
Fixpoint added (y : list Z) (k : Z) (z : list Z) : list Z :=
  match y, z with
  | a :: y', b :: z' => a + k * b :: added y' k z'
  | [], _ => map (fun b => k * b) z
  | _, [] => y
  end.

(** The entries divided by d, if that leaves no remainder anywhere. *)
Fixpoint quotients (d : Z) (y : list Z) : option (list Z) :=
  match y with
  | [] => Some []
  | a :: y' =>
      let (q, r) := Z.quotrem a d in
      if r =? 0 then match quotients d y' with Some rest => Some (q :: rest) | None => None end else None
  end.

Definition divided (d : Z) (y : list Z) : list Z :=
  if d =? 0 then y else match quotients d y with Some z => z | None => y end.

Definition content (y : list Z) : Z := fold_left Z.gcd y 0.

(** The same product with a point. *)
Fixpoint idot (w : list Z) (x : point) : R :=
  match w with
  | [] => 0
  | a :: w' => IZR a * x 0%nat + idot w' (fun j => x (S j))
  end.

Lemma product_nil_r : forall w, product w [] = 0.
Proof. destruct w; reflexivity. Qed.

Lemma product_scaled : forall w k z, product w (map (fun b => k * b) z) = k * product w z.
Proof. induction w; destruct z; simpl; try lia. rewrite IHw. lia. Qed.

Lemma product_negated : forall w q z, product w (map (fun b => - (q * b)) z) = - (q * product w z).
Proof. induction w; destruct z; simpl; try lia. rewrite IHw. lia. Qed.

Lemma product_combined : forall w p y q z, product w (combined p y q z) = p * product w y - q * product w z.
Proof.
  induction w as [|c w IH]; intros p y q z; [simpl; lia|].
  destruct y as [|a y], z as [|b z]; cbn [combined map product].
  - lia.
  - rewrite product_negated. lia.
  - rewrite product_scaled. lia.
  - rewrite IH. lia.
Qed.

Lemma product_quotients : forall d y z, quotients d y = Some z -> forall w, d * product w z = product w y.
Proof.
  induction y as [|a y IH]; intros z H w; cbn [quotients] in H.
  - injection H as <-. rewrite product_nil_r. lia.
  - pose proof (Z.quotrem_eq a d) as E. destruct (Z.quotrem a d) as [q r].
    destruct (r =? 0) eqn:R; [|discriminate]. apply Z.eqb_eq in R.
    destruct (quotients d y) as [rest|]; [|discriminate]. injection H as <-.
    destruct w as [|c w]; cbn [product]; [lia|]. rewrite <- (IH rest eq_refl w), E, R. lia.
Qed.

(** What is divided is the old vector up to a factor. *)
Lemma product_divided : forall d y, exists f, f <> 0 /\ forall w, f * product w (divided d y) = product w y.
Proof.
  intros d y. unfold divided. destruct (d =? 0) eqn:D.
  - exists 1. split; [lia|]. intro. lia.
  - apply Z.eqb_neq in D. destruct (quotients d y) as [z|] eqn:Q.
    + exists d. split; [exact D|]. apply product_quotients, Q.
    + exists 1. split; [lia|]. intro. lia.
Qed.

Open Scope R_scope.

Definition zero_point : point := fun _ => 0.
Definition plus (x y : point) : point := fun j => x j + y j.
Definition times (t : R) (x : point) : point := fun j => t * x j.
(** A coordinate put in front. *)
Definition cons (a : R) (x : point) : point := fun j => match j with O => a | S k => x k end.

Lemma idot_cons : forall a z t c, idot (a :: z) (cons t c) = IZR a * t + idot z c.
Proof. reflexivity. Qed.

Lemma idot_plus : forall w x y, idot w (plus x y) = idot w x + idot w y.
Proof.
  induction w as [|a w IH]; intros x y; simpl; [ring|].
  change (fun j => plus x y (S j)) with (plus (fun j => x (S j)) (fun j => y (S j))).
  rewrite IH. unfold plus. ring.
Qed.

Lemma idot_times : forall w t x, idot w (times t x) = t * idot w x.
Proof.
  induction w as [|a w IH]; intros t x; simpl; [ring|].
  change (fun j => times t x (S j)) with (times t (fun j => x (S j))).
  rewrite IH. unfold times. ring.
Qed.

Lemma idot_ext : forall w x y, (forall j, (j < length w)%nat -> x j = y j) -> idot w x = idot w y.
Proof.
  induction w as [|a w IH]; intros x y H; simpl; [reflexivity|].
  rewrite (H 0%nat) by (simpl; lia). f_equal. apply IH. intros j J. apply H. simpl. lia.
Qed.

Lemma idot_scaled : forall k z x, idot (map (fun b => (k * b)%Z) z) x = IZR k * idot z x.
Proof. induction z as [|b z IH]; intros x; simpl; [ring|]. rewrite IH, mult_IZR. ring. Qed.

Lemma idot_added : forall y k z x, idot (added y k z) x = idot y x + IZR k * idot z x.
Proof.
  induction y as [|a y IH]; intros k z x; destruct z as [|b z]; cbn [added].
  - simpl. ring.
  - rewrite idot_scaled. simpl. ring.
  - simpl. ring.
  - cbn [idot]. rewrite IH, plus_IZR, mult_IZR. ring.
Qed.

(** The unit vectors of length n. *)
Definition unit_vector (n k : nat) : list Z := map (fun j => if Nat.eqb j k then 1%Z else 0%Z) (seq 0 n).
Definition unit_vectors (n : nat) : list (list Z) := map (unit_vector n) (seq 0 n).

Lemma unit_vector_length : forall n k, length (unit_vector n k) = n.
Proof. intros. unfold unit_vector. rewrite map_length, seq_length. reflexivity. Qed.

Lemma idot_marks : forall n k start (x : point),
  idot (map (fun j => if Nat.eqb j k then 1%Z else 0%Z) (seq start n)) x
  = (if (Nat.leb start k && Nat.ltb k (start + n))%bool then x (k - start)%nat else 0).
Proof.
  induction n as [|n IH]; intros k start x.
  - simpl. destruct (Nat.leb_spec start k), (Nat.ltb_spec k (start + 0)); simpl; try reflexivity; lia.
  - cbn [seq map idot]. rewrite IH.
    destruct (Nat.eqb_spec start k) as [->|N].
    + rewrite Nat.sub_diag, Nat.leb_refl.
      destruct (Nat.leb_spec (S k) k), (Nat.ltb_spec k (k + S n)); simpl; try lia; ring.
    + replace (S start + n)%nat with (start + S n)%nat by lia.
      destruct (Nat.leb_spec (S start) k), (Nat.leb_spec start k); try lia; simpl; [|ring].
      destruct (Nat.ltb_spec k (start + S n)); [|ring].
      replace (k - start)%nat with (S (k - S start)) by lia. ring.
Qed.

Lemma idot_unit_vector : forall n k (x : point), (k < n)%nat -> idot (unit_vector n k) x = x k.
Proof.
  intros n k x H. unfold unit_vector. rewrite idot_marks.
  rewrite Nat.sub_0_r. destruct (Nat.ltb_spec k (0 + n)); [reflexivity|lia].
Qed.
