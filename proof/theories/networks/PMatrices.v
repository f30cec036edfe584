(** P-matrices: real matrices all of whose principal minors are positive, told by elimination and without determinants.

    A list of indices is eliminated with positive pivots if the leading minors of the matrix in that order are positive, and
    a P-matrix is one for which this is so for every list. They reverse the sign of no vector ([no_sign_reversed]). *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Sums.
Import ListNotations.
Open Scope R_scope.

Definition square_matrix := Z -> Z -> R.

(** The matrix after the elimination of i. *)
Definition schur (S : square_matrix) (i : Z) : square_matrix := fun a b => S a b - S a i * S i b / S i i.

Fixpoint positive_pivots (S : square_matrix) (l : list Z) : Prop :=
  match l with [] => True | i :: l' => 0 < S i i /\ positive_pivots (schur S i) l' end.

Definition p_matrix (U : list Z) (S : square_matrix) : Prop :=
  forall l, NoDup l -> incl l U -> positive_pivots S l.

(** Rows may be multiplied by positive numbers. *)
Lemma positive_pivots_scaled : forall l S T,
  (forall a, In a l -> exists c, 0 < c /\ forall b, In b l -> T a b = c * S a b) ->
  positive_pivots T l -> positive_pivots S l.
Proof.
  induction l as [|i l IH]; intros S T H P; [exact I|]. destruct P as [P Q].
  destruct (H i (or_introl eq_refl)) as (c & C & E). assert (Ei := E i (or_introl eq_refl)).
  assert (SP : 0 < S i i) by (rewrite Ei in P; apply Rmult_lt_reg_l with c; lra).
  split; [exact SP|]. apply (IH (schur S i) (schur T i)); [|exact Q].
  intros a A. destruct (H a (or_intror A)) as (d & D & F). exists d. split; [exact D|].
  intros b B. unfold schur.
  rewrite (F b (or_intror B)), (F i (or_introl eq_refl)), (E b (or_intror B)), Ei. field. split; lra.
Qed.

Lemma positive_pivots_ext : forall l S T, (forall a b, In a l -> In b l -> S a b = T a b) ->
  positive_pivots T l -> positive_pivots S l.
Proof.
  intros l S T H. apply positive_pivots_scaled. intros a A. exists 1. split; [lra|]. intros b B.
  rewrite (H a b A B). ring.
Qed.

Lemma p_matrix_scaled : forall U S T, (forall a, In a U -> exists c, 0 < c /\ forall b, In b U -> T a b = c * S a b) ->
  p_matrix U T -> p_matrix U S.
Proof.
  intros U S T H P l N I. apply (positive_pivots_scaled l S T); [|apply P; assumption].
  intros a A. destruct (H a (I a A)) as (c & C & E). exists c. split; [exact C|]. intros b B. apply E, I, B.
Qed.

Lemma p_matrix_incl : forall U V S, incl V U -> p_matrix U S -> p_matrix V S.
Proof. intros U V S I P l N J. apply P; [exact N|]. intros a A. apply I, J, A. Qed.

Lemma p_matrix_nil : forall S, p_matrix [] S.
Proof. intros S l _ I. destruct l as [|a l]; [exact Logic.I|]. destruct (I a (or_introl eq_refl)). Qed.

(** The order of two pivots does not matter. *)
Lemma schur_exchange : forall S i j a b, S i i <> 0 -> S j j <> 0 -> schur S i j j <> 0 -> schur S j i i <> 0 ->
  schur (schur S i) j a b = schur (schur S j) i a b.
Proof.
  intros S i j a b I J P Q. unfold schur in *.
  assert (D : S i i * S j j - S j i * S i j <> 0).
  { intro E. apply P. apply Rmult_eq_reg_r with (S i i); [|exact I]. rewrite Rmult_0_l, <- E. field. exact I. }
  field. repeat split; try assumption; intro E; apply D; rewrite <- E; ring.
Qed.

Lemma pivot_inserted : forall l1 l2 S i, positive_pivots S l1 -> 0 < S i i -> positive_pivots (schur S i) (l1 ++ l2) ->
  positive_pivots S (l1 ++ i :: l2).
Proof.
  induction l1 as [|j l1 IH]; intros l2 S i P I Q; [split; assumption|].
  destruct P as [J P], Q as [JI Q]. split; [exact J|].
  assert (IJ : 0 < schur S j i i).
  { replace (schur S j i i) with (schur S i j j * (S i i / S j j)) by (unfold schur; field; lra).
    apply Rmult_lt_0_compat; [exact JI|]. apply Rdiv_lt_0_compat; assumption. }
  apply IH; [exact P|exact IJ|]. apply (positive_pivots_ext _ _ (schur (schur S i) j)); [|exact Q].
  intros a b _ _. symmetry. apply schur_exchange; lra.
Qed.

(** To show that a matrix is a P-matrix, it is enough to split once, at any index. *)
Theorem p_matrix_split : forall U S i, 0 < S i i -> p_matrix U S -> p_matrix U (schur S i) -> p_matrix (i :: U) S.
Proof.
  intros U S i I P Q l N J. destruct (in_dec Z.eq_dec i l) as [L|L].
  - apply in_split in L as (l1 & l2 & ->). destruct (NoDup_remove _ _ _ N) as [N' NI].
    assert (J' : incl (l1 ++ l2) U).
    { intros a A. destruct (J a) as [<-|B]; [|contradiction|exact B].
      apply in_or_app. apply in_app_or in A as [A|A]; [left|right; right]; exact A. }
    apply pivot_inserted; [|exact I|apply Q; assumption].
    apply P; [|intros a A; apply J', in_or_app; left; exact A].
    clear - N'. induction l1 as [|a l1 IH]; [constructor|]. inversion N' as [|? ? A B]; subst.
    constructor; [|apply IH, B]. intro C. apply A, in_or_app. left. exact C.
  - apply P; [exact N|]. intros a A. destruct (J a A) as [<-|B]; [contradiction|exact B].
Qed.

(** * Dominant diagonals *)

(** The diagonal with a minus sign, and the other entries without sign. *)
Definition signed_entry (S : square_matrix) (d : Z -> R) (a b : Z) : R :=
  if Z.eq_dec a b then - (S a b * d b) else Rabs (S a b) * d b.

Definition dominated (U : list Z) (d : Z -> R) (S : square_matrix) : Prop :=
  forall a, In a U -> sum U (signed_entry S d a) < 0.

Lemma sum_at_least_0 : forall A (l : list A) f, (forall a, In a l -> 0 <= f a) -> 0 <= sum l f.
Proof.
  intros A l f H. apply Rle_trans with (sum l (fun _ => 0)); [rewrite sum_zero; apply Rle_refl|]. apply sum_le, H.
Qed.

Lemma dominated_diagonal : forall U d S, (forall a, In a U -> 0 < d a) -> dominated U d S -> forall a, In a U -> 0 < S a a.
Proof.
  intros U d S D H a A. destruct (Rlt_le_dec 0 (S a a)) as [L|L]; [exact L|exfalso].
  specialize (H a A). apply (Rlt_irrefl 0). eapply Rle_lt_trans; [|exact H]. apply sum_at_least_0.
  intros b B. specialize (D b B). unfold signed_entry. destruct (Z.eq_dec a b) as [<-|N].
  - assert (0 <= - S a a * d a) by (apply Rmult_le_pos; lra). lra.
  - apply Rmult_le_pos; [apply Rabs_pos|lra].
Qed.

Lemma schur_entry_bound : forall S d i a b, 0 < S i i -> 0 < d b ->
  signed_entry (schur S i) d a b <= signed_entry S d a b + Rabs (S a i) / S i i * (Rabs (S i b) * d b).
Proof.
  intros S d i a b I D.
  assert (E : Rabs (S a i * S i b / S i i) = Rabs (S a i) / S i i * Rabs (S i b)).
  { unfold Rdiv. rewrite !Rabs_mult, (Rabs_pos_eq (/ S i i)); [ring|]. apply Rlt_le, Rinv_0_lt_compat, I. }
  unfold signed_entry, schur. destruct (Z.eq_dec a b) as [<-|N].
  - assert (L := Rle_abs (S a i * S i a / S i i)). rewrite E in L.
    apply Rmult_le_compat_r with (r := d a) in L; [|lra]. lra.
  - assert (T := Rabs_triang (S a b) (- (S a i * S i b / S i i))). rewrite Rabs_Ropp, E in T.
    apply Rmult_le_compat_r with (r := d b) in T; [|lra]. unfold Rminus. lra.
Qed.

Theorem dominated_p_matrix : forall U d S, NoDup U -> (forall a, In a U -> 0 < d a) -> dominated U d S -> p_matrix U S.
Proof.
  induction U as [|i U IH]; intros d S N D H; [apply p_matrix_nil|]. inversion N as [|? ? NI N']; subst.
  assert (I := dominated_diagonal _ _ _ D H i (or_introl eq_refl)).
  assert (DU : forall a, In a U -> 0 < d a) by (intros a A; apply D; right; exact A).
  assert (DI := D i (or_introl eq_refl)).
  assert (O : forall a, In a U -> Rabs (S a i) * d i + sum U (signed_entry S d a) < 0).
  { intros a A. assert (B := H a (or_intror A)). rewrite sum_cons in B. unfold signed_entry at 1 in B.
    destruct (Z.eq_dec a i) as [->|_]; [contradiction|exact B]. }
  apply p_matrix_split; [exact I| |].
  - apply (IH d); auto. intros a A. specialize (O a A).
    assert (0 <= Rabs (S a i) * d i) by (apply Rmult_le_pos; [apply Rabs_pos|lra]). lra.
  - apply (IH d); auto. intros a A.
    assert (B := H i (or_introl eq_refl)). rewrite sum_cons in B. unfold signed_entry at 1 in B.
    destruct (Z.eq_dec i i) as [_|NE]; [|contradiction].
    rewrite (sum_ext _ U (signed_entry S d i) (fun b => Rabs (S i b) * d b)) in B.
    2:{ intros b C. unfold signed_entry. destruct (Z.eq_dec i b) as [->|_]; [contradiction|reflexivity]. }
    apply Rle_lt_trans with (sum U (fun b => signed_entry S d a b + Rabs (S a i) / S i i * (Rabs (S i b) * d b))).
    + apply sum_le. intros b C. apply schur_entry_bound; auto.
    + rewrite sum_plus, sum_times. specialize (O a A). set (t := sum U (fun b => Rabs (S i b) * d b)) in *.
      assert (Q : 0 <= Rabs (S a i) / S i i) by (apply Rmult_le_pos; [apply Rabs_pos|apply Rlt_le, Rinv_0_lt_compat, I]).
      assert (R : Rabs (S a i) / S i i * t <= Rabs (S a i) / S i i * (S i i * d i)) by (apply Rmult_le_compat_l; lra).
      replace (Rabs (S a i) / S i i * (S i i * d i)) with (Rabs (S a i) * d i) in R by (field; lra). lra.
Qed.

(** * Definite forms *)

Definition applied (U : list Z) (S : square_matrix) (x : Z -> R) (a : Z) : R := sum U (fun b => S a b * x b).

Definition definite (U : list Z) (d : Z -> R) (S : square_matrix) : Prop :=
  forall x, (exists a, In a U /\ x a <> 0) -> 0 < sum U (fun a => d a * x a * applied U S x a).

(** x with the value t at i. *)
Definition set_at (i : Z) (t : R) (x : Z -> R) : Z -> R := fun a => if Z.eq_dec a i then t else x a.

Lemma set_at_same : forall i t x, set_at i t x i = t.
Proof. intros. unfold set_at. destruct (Z.eq_dec i i); [reflexivity|contradiction]. Qed.

Lemma set_at_other : forall i t x a U, ~ In i U -> In a U -> set_at i t x a = x a.
Proof. intros i t x a U N A. unfold set_at. destruct (Z.eq_dec a i) as [->|_]; [contradiction|reflexivity]. Qed.

Lemma applied_set_at : forall U S i t x a, ~ In i U -> applied (i :: U) S (set_at i t x) a = S a i * t + applied U S x a.
Proof.
  intros U S i t x a N. unfold applied. rewrite sum_cons, set_at_same. f_equal.
  apply sum_ext. intros b B. rewrite (set_at_other i t x b U N B). reflexivity.
Qed.

Lemma form_set_at : forall U S d i t x, ~ In i U ->
  sum (i :: U) (fun a => d a * set_at i t x a * applied (i :: U) S (set_at i t x) a)
  = d i * t * (S i i * t + applied U S x i) + sum U (fun a => d a * x a * (S a i * t + applied U S x a)).
Proof.
  intros U S d i t x N. rewrite sum_cons, set_at_same, applied_set_at by exact N. f_equal.
  apply sum_ext. intros a A. rewrite (set_at_other i t x a U N A), applied_set_at by exact N. reflexivity.
Qed.

Lemma applied_schur : forall U S x i a, applied U (schur S i) x a = applied U S x a - S a i / S i i * applied U S x i.
Proof.
  intros U S x i a. unfold applied. unfold Rminus. rewrite Ropp_mult_distr_l, <- sum_times, <- sum_plus.
  apply sum_ext. intros b _. unfold schur, Rdiv. ring.
Qed.

Theorem definite_p_matrix : forall U d S, NoDup U -> (forall a, In a U -> 0 < d a) -> definite U d S -> p_matrix U S.
Proof.
  induction U as [|i U IH]; intros d S N D H; [apply p_matrix_nil|]. inversion N as [|? ? NI N']; subst.
  assert (I : 0 < S i i).
  { specialize (H (set_at i 1 (fun _ => 0))). rewrite form_set_at in H by exact NI.
    rewrite (sum_ext _ U _ (fun _ => 0)), sum_zero in H by (intros; ring).
    assert (E : applied U S (fun _ => 0) i = 0).
    { unfold applied. rewrite (sum_ext _ U _ (fun _ => 0)) by (intros; ring). apply sum_zero. }
    rewrite E in H. assert (P : 0 < d i * 1 * (S i i * 1 + 0) + 0).
    { apply H. exists i. split; [left; reflexivity|]. rewrite set_at_same. lra. }
    apply Rmult_lt_reg_l with (d i); [apply D; left; reflexivity|]. lra. }
  apply p_matrix_split; [exact I| |].
  - apply (IH d); [exact N'|intros a A; apply D; right; exact A|]. intros x (a & A & X).
    specialize (H (set_at i 0 x)). rewrite form_set_at in H by exact NI.
    rewrite (sum_ext _ U _ (fun a => d a * x a * applied U S x a)) in H by (intros; ring).
    assert (P : 0 < d i * 0 * (S i i * 0 + applied U S x i) + sum U (fun a => d a * x a * applied U S x a)); [|lra].
    apply H. exists a. split; [right; exact A|]. rewrite (set_at_other i 0 x a U NI A). exact X.
  - apply (IH d); [exact N'|intros a A; apply D; right; exact A|]. intros x (a & A & X).
    set (t := - (applied U S x i / S i i)). specialize (H (set_at i t x)). rewrite form_set_at in H by exact NI.
    assert (Z0 : S i i * t + applied U S x i = 0) by (unfold t; field; lra). rewrite Z0, Rmult_0_r, Rplus_0_l in H.
    rewrite (sum_ext _ U _ (fun a => d a * x a * applied U (schur S i) x a)) in H.
    2:{ intros b _. rewrite applied_schur. unfold t. field. lra. }
    apply H. exists a. split; [right; exact A|]. rewrite (set_at_other i t x a U NI A). exact X.
Qed.

(** * No vector has its signs reversed *)

(** Between two matrices that differ by a matrix of rank one. *)
Lemma rank_one_between : forall l M u v t, 0 <= t <= 1 ->
  positive_pivots M l -> positive_pivots (fun a b => M a b - u a * v b) l ->
  positive_pivots (fun a b => M a b - t * (u a * v b)) l.
Proof.
  induction l as [|j l IH]; intros M u v t T P Q; [exact I|]. destruct P as [J P], Q as [JQ Q].
  set (p := M j j) in *. set (w := u j * v j) in *.
  assert (JT : 0 < p - t * w).
  { replace (p - t * w) with ((1 - t) * p + t * (p - w)) by ring. destruct (Rle_lt_or_eq_dec 0 t (proj1 T)) as [T0|<-]; [|lra].
    assert (0 <= (1 - t) * p) by (apply Rmult_le_pos; lra). assert (0 < t * (p - w)) by (apply Rmult_lt_0_compat; lra). lra. }
  split; [exact JT|].
  set (u' := fun a => p / (p - w) * (u a - u j / p * M a j)). set (v' := fun b => v b - v j / p * M j b).
  apply (positive_pivots_ext l _ (fun a b => schur M j a b - t * (p - w) / (p - t * w) * (u' a * v' b))).
  { intros a b _ _. unfold schur, u', v', w in *. fold p. field. lra. }
  apply IH; [|exact P|].
  - split.
    + apply Rmult_le_pos; [apply Rmult_le_pos; lra|apply Rlt_le, Rinv_0_lt_compat, JT].
    + apply Rmult_le_reg_r with (p - t * w); [exact JT|].
      replace (t * (p - w) / (p - t * w) * (p - t * w)) with (t * (p - w)) by (field; lra).
      assert (t * p <= 1 * p) by (apply Rmult_le_compat_r; lra). lra.
  - apply (positive_pivots_ext l _ (schur (fun a b => M a b - u a * v b) j)); [|exact Q].
    intros a b _ _. unfold schur, u', v', w in *. fold p. field. lra.
Qed.

Definition with_diagonal (S : square_matrix) (i : Z) (r : R) : square_matrix :=
  fun a b => S a b + if Z.eq_dec a i then if Z.eq_dec b i then r else 0 else 0.

Lemma pivots_with_diagonal : forall l1 l2 S i r, 0 <= r -> NoDup (l1 ++ i :: l2) ->
  positive_pivots S (l1 ++ l2) -> positive_pivots S (l1 ++ i :: l2) -> positive_pivots (with_diagonal S i r) (l1 ++ i :: l2).
Proof.
  induction l1 as [|j l1 IH]; intros l2 S i r R N P Q; cbn [app] in *; inversion N as [|? ? NI N']; subst.
  - destruct Q as [I Q]. assert (D : with_diagonal S i r i i = S i i + r).
    { unfold with_diagonal. destruct (Z.eq_dec i i); [reflexivity|contradiction]. }
    split; [rewrite D; lra|].
    apply (positive_pivots_ext l2 _ (fun a b => S a b - S i i / (S i i + r) * (S a i / S i i * S i b))).
    + intros a b A B. unfold schur. rewrite D. unfold with_diagonal.
      destruct (Z.eq_dec a i) as [->|_]; [contradiction|]. destruct (Z.eq_dec b i) as [->|_]; [contradiction|].
      destruct (Z.eq_dec i i) as [_|NE]; [|contradiction]. field. lra.
    + apply (rank_one_between l2 S (fun a => S a i / S i i) (fun b => S i b)); [|exact P|].
      * split; [apply Rmult_le_pos; [lra|apply Rlt_le, Rinv_0_lt_compat; lra]|].
        apply Rmult_le_reg_r with (S i i + r); [lra|].
        replace (S i i / (S i i + r) * (S i i + r)) with (S i i) by (field; lra). lra.
      * apply (positive_pivots_ext l2 _ (schur S i)); [|exact Q]. intros a b _ _. unfold schur. field. lra.
  - destruct P as [J P], Q as [_ Q].
    assert (JI : j <> i) by (intros ->; apply NI, in_or_app; right; left; reflexivity).
    assert (D : with_diagonal S i r j j = S j j).
    { unfold with_diagonal. destruct (Z.eq_dec j i); [contradiction|]. ring. }
    split; [rewrite D; exact J|].
    apply (positive_pivots_ext _ _ (with_diagonal (schur S j) i r)); [|apply IH; assumption].
    intros a b _ _. unfold schur. rewrite D. unfold with_diagonal.
    destruct (Z.eq_dec j i) as [E|_]; [contradiction|]. destruct (Z.eq_dec a i), (Z.eq_dec b i); field; lra.
Qed.

Lemma p_matrix_with_diagonal : forall U S i r, 0 <= r -> p_matrix U S -> p_matrix U (with_diagonal S i r).
Proof.
  intros U S i r R P l N J. destruct (in_dec Z.eq_dec i l) as [L|L].
  - apply in_split in L as (l1 & l2 & ->). apply pivots_with_diagonal; [exact R|exact N| |apply P; assumption].
    apply P; [apply (NoDup_remove_1 _ _ _ N)|]. intros a A. apply J, in_or_app.
    apply in_app_or in A as [A|A]; [left|right; right]; exact A.
  - apply (positive_pivots_ext l _ S); [|apply P; assumption]. intros a b A _. unfold with_diagonal.
    destruct (Z.eq_dec a i) as [->|_]; [contradiction|]. ring.
Qed.

(** Nonnegative numbers added to a part of the diagonal. *)
Definition with_diagonals (S : square_matrix) (r : Z -> R) (D : list Z) : square_matrix :=
  fold_right (fun i T => with_diagonal T i (r i)) S D.

Lemma p_matrix_with_diagonals : forall U S r D, (forall i, In i D -> 0 <= r i) -> p_matrix U S ->
  p_matrix U (with_diagonals S r D).
Proof.
  intros U S r. induction D as [|i D IH]; intros R P; [exact P|]. cbn [with_diagonals fold_right].
  apply p_matrix_with_diagonal; [apply R; left; reflexivity|]. apply IH; [|exact P]. intros j J. apply R. right. exact J.
Qed.

Lemma applied_with_diagonal : forall U S i r x a, NoDup U ->
  applied U (with_diagonal S i r) x a = applied U S x a + if Z.eq_dec a i then if in_dec Z.eq_dec i U then r * x i else 0 else 0.
Proof.
  induction U as [|j U IH]; intros S i r x a N.
  - unfold applied, sum. cbn [fold_right]. destruct (Z.eq_dec a i); [|ring]. destruct (in_dec Z.eq_dec i []) as [[]|_]. ring.
  - inversion N as [|? ? NI N']; subst. unfold applied in *. rewrite !sum_cons, IH by exact N'. unfold with_diagonal.
    destruct (Z.eq_dec a i) as [->|_]; [|ring].
    destruct (Z.eq_dec j i) as [->|NE].
    + destruct (in_dec Z.eq_dec i U) as [E|_]; [contradiction|].
      destruct (in_dec Z.eq_dec i (i :: U)) as [_|NE]; [ring|]. destruct NE. left. reflexivity.
    + destruct (in_dec Z.eq_dec i U) as [E|E], (in_dec Z.eq_dec i (j :: U)) as [F|F]; try ring.
      * destruct F. right. exact E.
      * destruct F as [F|F]; contradiction.
Qed.

Lemma applied_with_diagonals : forall U S r x D a, NoDup U -> NoDup D -> In a U ->
  applied U (with_diagonals S r D) x a = applied U S x a + if in_dec Z.eq_dec a D then r a * x a else 0.
Proof.
  intros U S r x. induction D as [|i D IH]; intros a NU ND A; cbn [with_diagonals fold_right].
  - destruct (in_dec Z.eq_dec a []) as [[]|_]. ring.
  - inversion ND as [|? ? NI N']; subst. fold (with_diagonals S r D). rewrite applied_with_diagonal, IH by assumption.
    destruct (Z.eq_dec a i) as [->|NE].
    + destruct (in_dec Z.eq_dec i D) as [E|_]; [contradiction|]. destruct (in_dec Z.eq_dec i U) as [_|E]; [|contradiction].
      destruct (in_dec Z.eq_dec i (i :: D)) as [_|E]; [ring|]. destruct E. left. reflexivity.
    + destruct (in_dec Z.eq_dec a D) as [E|E], (in_dec Z.eq_dec a (i :: D)) as [F|F]; try ring.
      * destruct F. right. exact E.
      * destruct F as [F|F]; [congruence|contradiction].
Qed.

(** What is eliminated with positive pivots has no kernel. *)
Lemma no_kernel : forall l S x, positive_pivots S l -> (forall a, In a l -> applied l S x a = 0) ->
  forall a, In a l -> x a = 0.
Proof.
  induction l as [|i l IH]; intros S x P H; [intros a []|]. destruct P as [I P].
  assert (E : forall a, In a (i :: l) -> S a i * x i + applied l S x a = 0) by (intros a A; apply (H a A)).
  assert (R := E i (or_introl eq_refl)).
  assert (Z0 : forall a, In a l -> x a = 0).
  { apply (IH (schur S i)); [exact P|]. intros a A. rewrite applied_schur. specialize (E a (or_intror A)).
    replace (applied l S x i) with (- (S i i * x i)) by lra.
    replace (applied l S x a - S a i / S i i * - (S i i * x i)) with (S a i * x i + applied l S x a) by (field; lra). exact E. }
  intros a [<-|A]; [|apply Z0, A].
  assert (F : applied l S x i = 0).
  { unfold applied. rewrite (sum_ext _ l _ (fun _ => 0)), sum_zero; [reflexivity|]. intros b B. rewrite (Z0 b B). ring. }
  rewrite F, Rplus_0_r in R. apply Rmult_integral in R as [R|R]; lra.
Qed.

Theorem no_sign_reversed : forall U S x, NoDup U -> p_matrix U S ->
  (forall a, In a U -> x a * applied U S x a <= 0) -> forall a, In a U -> x a = 0.
Proof.
  intros U S x N P H.
  set (nonzero := fun a => if Req_EM_T (x a) 0 then false else true). set (D := filter nonzero U).
  set (r := fun a => - (applied U S x a / x a)).
  assert (DN : forall a, In a D <-> In a U /\ x a <> 0).
  { intro a. unfold D. rewrite filter_In. unfold nonzero.
    destruct (Req_EM_T (x a) 0); split; intros [A B]; split; auto; discriminate. }
  assert (R : forall a, In a D -> 0 <= r a).
  { intros a A. apply DN in A as [A X]. specialize (H a A). unfold r.
    destruct (Rle_or_lt 0 (- (applied U S x a / x a))) as [L|L]; [exact L|exfalso].
    assert (X2 := Rlt_0_sqr (x a) X). unfold Rsqr in X2.
    assert (E : x a * applied U S x a = applied U S x a / x a * (x a * x a)) by (field; exact X).
    assert (0 < applied U S x a / x a * (x a * x a)) by (apply Rmult_lt_0_compat; lra). lra. }
  assert (ND : NoDup D) by (apply NoDup_filter, N).
  assert (Q : positive_pivots (with_diagonals S r D) D).
  { apply (p_matrix_with_diagonals U S r D R P); [exact ND|]. intros a A. apply DN, A. }
  assert (XD : forall a, In a D -> x a = 0).
  { apply (no_kernel D _ x Q). intros a A. rewrite applied_with_diagonals by assumption.
    destruct (in_dec Z.eq_dec a D) as [_|B]; [|contradiction]. apply DN in A as [A X].
    replace (applied D S x a) with (applied U S x a); [unfold r; field; exact X|].
    unfold applied, D. clear - nonzero. induction U as [|b U IH]; [reflexivity|]. rewrite sum_cons, IH. cbn [filter].
    unfold nonzero at 2. destruct (Req_EM_T (x b) 0) as [E|E]; [rewrite E; ring|rewrite sum_cons; reflexivity]. }
  intros a A. destruct (Req_EM_T (x a) 0) as [E|E]; [exact E|]. apply XD, DN. auto.
Qed.
