(** Tables: what stands at the numbers 0, 1, 2, ...; and sets of numbers as the binary digits of one integer. *)

From Coq Require Import List ZArith FMapPositive Lia.
From Proof Require Import Streams.
Import ListNotations.
Open Scope Z_scope.

Record table (A : Type) := Table { size : Z; cells : PositiveMap.t A }.
Arguments Table {A}.
Arguments size {A}.
Arguments cells {A}.

Definition no_entries {A : Type} : table A := Table 0 (PositiveMap.empty A).

Definition place (i : Z) : positive := Z.to_pos (i + 1).

Definition entry {A : Type} (t : table A) (i : Z) : option A :=
  if ((0 <=? i) && (i <? size t))%bool then PositiveMap.find (place i) (cells t) else None.

Definition with_entry {A : Type} (t : table A) (a : A) : table A :=
  Table (size t + 1) (PositiveMap.add (place (size t)) a (cells t)).

Definition with_entries {A : Type} (t : table A) (l : list A) : table A := fold_left with_entry l t.

Definition member (N i : Z) : bool := Z.testbit N i.
Definition with_member (N i : Z) : Z := Z.setbit N i.

Lemma entry_number : forall A (t : table A) i a, entry t i = Some a -> 0 <= i < size t.
Proof.
  unfold entry. intros A t i a H. destruct ((0 <=? i) && (i <? size t))%bool eqn:E; [|discriminate].
  apply andb_prop in E as [E F]. apply Z.leb_le in E. apply Z.ltb_lt in F. lia.
Qed.

Lemma entry_cells : forall A (t : table A) i a, entry t i = Some a -> PositiveMap.find (place i) (cells t) = Some a.
Proof. unfold entry. intros A t i a H. destruct ((0 <=? i) && (i <? size t))%bool; [exact H|discriminate]. Qed.

(** Everything in a table has a property: kept as entries are added. *)
Definition all_cells {A : Type} (P : A -> Prop) (t : table A) : Prop :=
  forall k a, PositiveMap.find k (cells t) = Some a -> P a.

Lemma all_cells_none : forall A (P : A -> Prop), all_cells P no_entries.
Proof. intros A P k a H. cbn in H. rewrite PositiveMap.gempty in H. discriminate. Qed.

Lemma all_cells_with : forall A (P : A -> Prop) t a, all_cells P t -> P a -> all_cells P (with_entry t a).
Proof.
  intros A P t a T Pa k b H. cbn in H. destruct (Pos.eq_dec k (place (size t))) as [->|N].
  - rewrite PositiveMap.gss in H. injection H as <-. exact Pa.
  - rewrite PositiveMap.gso in H by exact N. apply (T k b H).
Qed.

Lemma all_cells_entries : forall A (P : A -> Prop) l t,
  all_cells P t -> (forall a, In a l -> P a) -> all_cells P (with_entries t l).
Proof.
  induction l as [|a l IH]; intros t T H; [exact T|]. apply IH.
  - apply all_cells_with; [exact T|]. apply H. left. reflexivity.
  - intros b B. apply H. right. exact B.
Qed.

(** The entries below the size of a part come from the part. *)
Lemma size_with_entries : forall A (l : list A) t, size t <= size (with_entries t l).
Proof.
  induction l as [|a l IH]; intros t; [apply Z.le_refl|].
  change (with_entries t (a :: l)) with (with_entries (with_entry t a) l).
  specialize (IH (with_entry t a)). change (size (with_entry t a)) with (size t + 1) in IH. lia.
Qed.

Lemma entry_below : forall A (l : list A) (t : table A) i a,
  0 <= size t -> entry (with_entries t l) i = Some a -> i < size t -> entry t i = Some a.
Proof.
  induction l as [|b l IH]; intros t i a S H L; [exact H|].
  assert (E : entry (with_entry t b) i = Some a).
  { apply IH; [cbn; lia|exact H|cbn; lia]. }
  assert (B := entry_number _ _ _ _ E). apply entry_cells in E. cbn in E.
  rewrite PositiveMap.gso in E.
  - unfold entry. destruct (Z.leb_spec 0 i); [|lia]. destruct (Z.ltb_spec i (size t)); [|lia]. exact E.
  - unfold place. intro Q. apply Z2Pos.inj in Q; lia.
Qed.

(** The entries that are not in the part come from the list. *)
Lemma entry_from : forall A (l : list A) (t : table A) i a,
  0 <= size t -> entry (with_entries t l) i = Some a -> In a l \/ entry t i = Some a.
Proof.
  induction l as [|b l IH]; intros t i a S H; [right; exact H|].
  destruct (IH (with_entry t b) i a) as [I|E]; [cbn; lia|exact H|left; right; exact I|].
  assert (B := entry_number _ _ _ _ E). apply entry_cells in E. cbn in E, B.
  destruct (Z.eq_dec i (size t)) as [->|N].
  - rewrite PositiveMap.gss in E. injection E as <-. left. left. reflexivity.
  - right. rewrite PositiveMap.gso in E.
    + unfold entry. destruct (Z.leb_spec 0 i); [|lia]. destruct (Z.ltb_spec i (size t)); [|lia]. exact E.
    + unfold place. intro Q. apply Z2Pos.inj in Q; lia.
Qed.

(** The entry with the number i is the i-th of the list. *)
Lemma entry_nth : forall A (l : list A) (t : table A) i a,
  0 <= size t <= i -> entry (with_entries t l) i = Some a -> nth_error l (Z.to_nat (i - size t)) = Some a.
Proof.
  induction l as [|b l IH]; intros t i a S H.
  - apply entry_number in H. cbn in H. lia.
  - change (with_entries t (b :: l)) with (with_entries (with_entry t b) l) in H.
    destruct (Z.eq_dec i (size t)) as [->|N].
    + apply entry_below in H; [|cbn; lia|cbn; lia]. apply entry_cells in H. cbn in H.
      rewrite PositiveMap.gss in H. rewrite Z.sub_diag. exact H.
    + replace (Z.to_nat (i - size t)) with (Datatypes.S (Z.to_nat (i - size (with_entry t b)))) by (cbn; lia).
      cbn [nth_error]. apply IH; [cbn; lia|exact H].
Qed.

Lemma member_with : forall N i k, 0 <= i -> member (with_member N i) k = true -> k = i \/ member N k = true.
Proof.
  unfold member, with_member. intros N i k H M. rewrite Z.setbit_eqb in M by exact H.
  apply Bool.orb_prop in M as [M|M]; [left; symmetry; apply Z.eqb_eq, M|right; exact M].
Qed.

Lemma member_with_self : forall N i, 0 <= i -> member (with_member N i) i = true.
Proof. intros N i H. unfold member, with_member. rewrite Z.setbit_eqb by exact H. rewrite Z.eqb_refl. reflexivity. Qed.

Lemma member_with_other : forall N i k, 0 <= i -> member N k = true -> member (with_member N i) k = true.
Proof.
  intros N i k H M. unfold member, with_member in *. rewrite Z.setbit_eqb by exact H. rewrite M. apply Bool.orb_true_r.
Qed.

Lemma member_none : forall k, member 0 k = false.
Proof. intro k. apply Z.bits_0. Qed.
