(** Determinants of real matrices: what operations on rows do to them, and that a system of equations with a determinant
    that is not 0 has one solution. A matrix is a function from rows to points; its first n rows and columns count. *)

From Coq Require Import List Arith Reals Lra Lia.
From Proof Require Import Layers Integers Sums.
From Proof.convolution Require Import Equations.
From Proof.convolution Require Count.
Import ListNotations.
Open Scope R_scope.

(** The rows without the row p. *)
Definition skip (p i : nat) : nat := if (i <? p)%nat then i else S i.

(** Laplace's expansion along the first column. *)
Fixpoint det (n : nat) (J : nat -> point) : R :=
  match n with
  | O => 1
  | S m => sum (seq 0 (S m)) (fun i => (-1) ^ i * J i 0%nat * det m (fun r c => J (skip i r) (S c)))
  end.

Lemma skip_below : forall p i m, (p < S m)%nat -> (i < m)%nat -> (skip p i < S m)%nat.
Proof. intros p i m P I. unfold skip. destruct (Nat.ltb_spec i p); lia. Qed.

Lemma det_ext : forall n J K, (forall i, (i < n)%nat -> same n (J i) (K i)) -> det n J = det n K.
Proof.
  induction n as [|m IH]; intros J K H; [reflexivity|]. cbn [det]. apply sum_ext. intros i I. apply in_seq in I.
  rewrite (H i ltac:(lia) 0%nat ltac:(lia)). f_equal. apply IH. intros r L c C. apply H; [|lia]. apply skip_below; lia.
Qed.

(** * Rows *)

(** The determinant is linear in every row. *)
Lemma det_linear : forall n J K L r s t, (r < n)%nat ->
  (forall i, (i < n)%nat -> i <> r -> same n (J i) (L i) /\ same n (K i) (L i)) ->
  same n (L r) (plus (times s (J r)) (times t (K r))) ->
  det n L = s * det n J + t * det n K.
Proof.
  induction n as [|m IH]; intros J K L r s t R E ER; [lia|]. cbn [det].
  rewrite <- !sum_times, <- sum_plus. apply sum_ext. intros i I. apply in_seq in I.
  destruct (Nat.eq_dec i r) as [->|N].
  - rewrite (ER 0%nat ltac:(lia)). unfold plus, times.
    rewrite (det_ext m (fun q c => J (skip r q) (S c)) (fun q c => L (skip r q) (S c))),
      (det_ext m (fun q c => K (skip r q) (S c)) (fun q c => L (skip r q) (S c))); [ring| |].
    + intros q Q c C. apply E; [apply skip_below; lia| |lia]. unfold skip. destruct (Nat.ltb_spec q r); lia.
    + intros q Q c C. apply E; [apply skip_below; lia| |lia]. unfold skip. destruct (Nat.ltb_spec q r); lia.
  - destruct (E i ltac:(lia) N) as [EJ EK]. rewrite (EJ 0%nat ltac:(lia)), (EK 0%nat ltac:(lia)).
    set (r' := if (r <? i)%nat then r else pred r).
    assert (SR : skip i r' = r).
    { unfold skip, r'. destruct (Nat.ltb_spec r i); [destruct (Nat.ltb_spec r i); lia|].
      destruct (Nat.ltb_spec (pred r) i); lia. }
    rewrite (IH (fun q c => J (skip i q) (S c)) (fun q c => K (skip i q) (S c)) (fun q c => L (skip i q) (S c)) r' s t).
    + ring.
    + unfold r'. destruct (Nat.ltb_spec r i); lia.
    + intros q Q NQ. assert (skip i q <> r).
      { unfold skip, r' in *. destruct (Nat.ltb_spec q i), (Nat.ltb_spec r i); lia. }
      destruct (E (skip i q) ltac:(apply skip_below; lia) H) as [A B]. split; intros c C; [apply A|apply B]; lia.
    + intros c C. rewrite SR. apply (ER (S c)). lia.
Qed.

(** J with another row r. *)
Definition with_row (r : nat) (u : point) (J : nat -> point) : nat -> point := fun i => if (i =? r)%nat then u else J i.

Lemma with_row_at : forall r u J, with_row r u J r = u.
Proof. intros. unfold with_row. rewrite Nat.eqb_refl. reflexivity. Qed.

Lemma with_row_other : forall r u J i, i <> r -> with_row r u J i = J i.
Proof. intros r u J i N. unfold with_row. destruct (Nat.eqb_spec i r); [contradiction|reflexivity]. Qed.

Lemma with_row_linear : forall n J r s u t v, (r < n)%nat ->
  det n (with_row r (plus (times s u) (times t v)) J) = s * det n (with_row r u J) + t * det n (with_row r v J).
Proof.
  intros n J r s u t v R. apply (det_linear n _ _ _ r); [exact R| |].
  - intros i I N. rewrite !with_row_other by exact N. split; intros j _; reflexivity.
  - rewrite !with_row_at. intros j _. reflexivity.
Qed.

Lemma det_zero_row : forall n J r, (r < n)%nat -> same n (J r) zero_point -> det n J = 0.
Proof.
  intros n J r R Z. rewrite (det_linear n J J J r 0 0 R); [ring| |].
  - intros i _ _. split; intros j _; reflexivity.
  - intros j C. rewrite (Z j C). unfold plus, times, zero_point. ring.
Qed.

Lemma sum_of_two : forall n f r, (S r < n)%nat -> (forall i, (i < n)%nat -> i <> r -> i <> S r -> f i = 0) ->
  f r + f (S r) = 0 -> sum (seq 0 n) f = 0.
Proof.
  induction n as [|n IH]; intros f r R Z E; [lia|]. rewrite sum_last. destruct (Nat.eq_dec n (S r)) as [->|N].
  - rewrite sum_last. rewrite (sum_ext _ _ f (fun _ => 0)).
    + rewrite sum_zero. lra.
    + intros i I. apply in_seq in I. apply Z; lia.
  - rewrite (IH f r); [rewrite (Z n); [lra|lia|lia|lia]|lia| |exact E]. intros i I. apply Z. lia.
Qed.

(** Two neighboring rows that are the same. *)
Lemma det_neighbors : forall n J r, (S r < n)%nat -> same n (J r) (J (S r)) -> det n J = 0.
Proof.
  induction n as [|m IH]; intros J r R E; [lia|]. cbn [det]. apply (sum_of_two _ _ r R).
  - intros i I N N'. rewrite (IH _ (if (r <? i)%nat then r else pred r)); [ring| |].
    + destruct (Nat.ltb_spec r i); lia.
    + intros c C. unfold skip. destruct (Nat.ltb_spec r i).
      * destruct (Nat.ltb_spec r i), (Nat.ltb_spec (S r) i); try lia. apply E. lia.
      * destruct (Nat.ltb_spec (pred r) i), (Nat.ltb_spec (S (pred r)) i); try lia.
        replace (S (pred r)) with r by lia. apply E. lia.
  - rewrite (E 0%nat ltac:(lia)).
    rewrite (det_ext m (fun q c => J (skip r q) (S c)) (fun q c => J (skip (S r) q) (S c))).
    + cbn [pow]. ring.
    + intros q Q c C. unfold skip. destruct (Nat.ltb_spec q r), (Nat.ltb_spec q (S r)); try lia; try reflexivity.
      replace q with r by lia. symmetry. apply E. lia.
Qed.

(** Neighboring rows exchanged. *)
Lemma det_exchanged : forall n J r, (S r < n)%nat ->
  det n (with_row r (J (S r)) (with_row (S r) (J r) J)) = - det n J.
Proof.
  intros n J r R. set (u := J r). set (v := J (S r)).
  set (D := fun a b => det n (with_row r a (with_row (S r) b J))).
  assert (L1 : forall a b c, D (plus (times 1 a) (times 1 b)) c = D a c + D b c).
  { intros. unfold D. rewrite with_row_linear by lia. ring. }
  assert (C : forall a b, D a b = det n (with_row (S r) b (with_row r a J))).
  { intros. unfold D. apply det_ext. intros i _ j _. unfold with_row.
    destruct (Nat.eqb_spec i r), (Nat.eqb_spec i (S r)); try reflexivity. lia. }
  assert (L2 : forall a b c, D c (plus (times 1 a) (times 1 b)) = D c a + D c b).
  { intros. rewrite !C. rewrite with_row_linear by lia. ring. }
  assert (Z : forall a, D a a = 0).
  { intro a. unfold D. apply (det_neighbors n _ r R). intros j _.
    rewrite with_row_at, with_row_other, with_row_at by lia. reflexivity. }
  assert (U : D u v = det n J).
  { unfold D, u, v. apply det_ext. intros i _ j _. unfold with_row.
    destruct (Nat.eqb_spec i r), (Nat.eqb_spec i (S r)); subst; reflexivity. }
  change (D v u = - det n J). rewrite <- U.
  assert (S := Z (plus (times 1 u) (times 1 v))). rewrite L1, !L2, !Z in S. lra.
Qed.

(** Two rows that are the same. *)
Lemma det_same_rows : forall n k J p, (p + S k < n)%nat -> same n (J p) (J (p + S k)%nat) -> det n J = 0.
Proof.
  induction k as [|k IH]; intros J p P E.
  - apply (det_neighbors n J p); [lia|]. replace (S p) with (p + 1)%nat by lia. exact E.
  - assert (X := det_exchanged n J (p + S k)%nat ltac:(lia)). rewrite (IH _ p) in X; [lra|lia|].
    intros j C. rewrite with_row_other, with_row_other, with_row_at by lia.
    rewrite (E j C). f_equal. f_equal. lia.
Qed.

Lemma det_repeated : forall n J p r, (p < n)%nat -> (r < n)%nat -> p <> r -> same n (J p) (J r) -> det n J = 0.
Proof.
  intros n J p r P R N E. destruct (Nat.lt_ge_cases p r).
  - apply (det_same_rows n (r - p - 1) J p); [lia|]. replace (p + S (r - p - 1))%nat with r by lia. exact E.
  - apply (det_same_rows n (p - r - 1) J r); [lia|]. replace (r + S (p - r - 1))%nat with p by lia.
    intros j C. symmetry. apply E, C.
Qed.

(** c_0 J_0 + ... + c_{m-1} J_{m-1}. *)
Definition rows_sum (m : nat) (c : point) (J : nat -> point) : point := fun j => inner m c (fun i => J i j).

(** A combination of the rows in the place of one of them. *)
Lemma det_combination : forall n J r c, (r < n)%nat -> det n (with_row r (rows_sum n c J) J) = c r * det n J.
Proof.
  intros n J r c R.
  assert (W : forall m, (m < n)%nat -> det n (with_row r (J m) J) = if (m =? r)%nat then det n J else 0).
  { intros m M. destruct (Nat.eqb_spec m r) as [->|N].
    - apply det_ext. intros i _ j _. unfold with_row. destruct (Nat.eqb_spec i r) as [->|]; reflexivity.
    - apply (det_repeated n _ m r M R N). rewrite with_row_at, with_row_other by exact N. intros j _. reflexivity. }
  assert (H : forall m, (m <= n)%nat -> det n (with_row r (rows_sum m c J) J) = if (r <? m)%nat then c r * det n J else 0).
  { induction m as [|m IH]; intro M.
    - apply (det_zero_row n _ r R). rewrite with_row_at. intros j _. reflexivity.
    - rewrite (det_ext n _ (with_row r (plus (times 1 (rows_sum m c J)) (times (c m) (J m))) J)).
      + rewrite with_row_linear, IH, W by lia.
        destruct (Nat.ltb_spec r m), (Nat.ltb_spec r (S m)), (Nat.eqb_spec m r); subst; try lia; ring.
      + intros i _ j _. unfold with_row. destruct (i =? r)%nat; [|reflexivity].
        unfold rows_sum, plus, times. cbn [inner]. ring. }
  rewrite H by lia. destruct (Nat.ltb_spec r n); [reflexivity|lia].
Qed.

(** All other rows times s, and multiples of the row p added to them. *)
Lemma det_cleared : forall m J L p s t, (p < S m)%nat -> same (S m) (L p) (J p) ->
  (forall i, (i < S m)%nat -> i <> p -> same (S m) (L i) (plus (times s (J i)) (times (t i) (J p)))) ->
  det (S m) L = s ^ m * det (S m) J.
Proof.
  intros m J L p s t P EP E. set (n := S m) in *.
  set (X := fun k i => if (i <? k)%nat then L i else J i).
  assert (H : forall k, (k <= n)%nat -> det n (X k) = s ^ (if (p <? k)%nat then pred k else k) * det n J).
  { induction k as [|k IH]; intro K.
    - rewrite (det_ext n (X 0%nat) J); [cbn; ring|]. intros i _ j _. reflexivity.
    - destruct (Nat.eq_dec k p) as [->|N].
      + rewrite (det_ext n (X (S p)) (X p)).
        * rewrite IH by lia. destruct (Nat.ltb_spec p p), (Nat.ltb_spec p (S p)); try lia. reflexivity.
        * intros i I j C. unfold X. destruct (Nat.ltb_spec i p), (Nat.ltb_spec i (S p)); try lia; try reflexivity.
          replace i with p by lia. apply EP, C.
      + rewrite (det_linear n (X k) (with_row k (J p) (X k)) (X (S k)) k s (t k)).
        * rewrite IH by lia. rewrite (det_repeated n (with_row k (J p) (X k)) p k); [|lia|lia|lia|].
          { destruct (Nat.ltb_spec p k), (Nat.ltb_spec p (S k)); try lia; cbn [pred]; [|cbn [pow]; ring].
            destruct k; [lia|]. cbn [pred pow]. ring. }
          rewrite with_row_at, with_row_other by lia. intros j C. unfold X.
          destruct (Nat.ltb_spec p k); [apply EP, C|reflexivity].
        * lia.
        * intros i I NI. rewrite with_row_other by exact NI. unfold X.
          destruct (Nat.ltb_spec i k), (Nat.ltb_spec i (S k)); try lia; split; intros j _; reflexivity.
        * rewrite with_row_at. intros j C. unfold X. destruct (Nat.ltb_spec k (S k)), (Nat.ltb_spec k k); try lia.
          apply E; [lia|exact N|exact C]. }
  rewrite (det_ext n L (X n)).
  - rewrite H by lia. destruct (Nat.ltb_spec p n); [reflexivity|lia].
  - intros i I j _. unfold X. destruct (Nat.ltb_spec i n); [reflexivity|lia].
Qed.

(** All rows times positive numbers. *)
Lemma det_positive_multiples : forall n J L, (forall i, (i < n)%nat -> exists s, 0 < s /\ same n (L i) (times s (J i))) ->
  exists s, 0 < s /\ det n L = s * det n J.
Proof.
  intros n J L E. set (X := fun k i => if (i <? k)%nat then L i else J i).
  assert (H : forall k, (k <= n)%nat -> exists s, 0 < s /\ det n (X k) = s * det n J).
  { induction k as [|k IH]; intro K.
    - exists 1. split; [lra|]. rewrite Rmult_1_l. reflexivity.
    - destruct (IH ltac:(lia)) as (s & S0 & D). destruct (E k ltac:(lia)) as (t & T0 & R).
      exists (t * s). split; [apply Rmult_lt_0_compat; assumption|]. rewrite Rmult_assoc, <- D.
      rewrite (det_linear n (X k) (X k) (X (S k)) k t 0 K); [ring| |].
      + intros i I N. unfold X. destruct (Nat.ltb_spec i k), (Nat.ltb_spec i (S k)); try lia; split; intros j _; reflexivity.
      + intros j C. unfold X. destruct (Nat.ltb_spec k (S k)), (Nat.ltb_spec k k); try lia.
        rewrite (R j C). unfold plus, times. ring. }
  destruct (H n ltac:(lia)) as (s & S0 & D). exists s. split; [exact S0|]. rewrite <- D. apply det_ext.
  intros i I j _. unfold X. destruct (Nat.ltb_spec i n); [reflexivity|lia].
Qed.

(** * Equations *)

Lemma inner_left_zero : forall n y, inner n zero_point y = 0.
Proof. induction n as [|n IH]; intro y; cbn [inner]; [reflexivity|]. rewrite IH. unfold zero_point. ring. Qed.

Lemma inner_left_ext : forall n w u v, same n w u -> inner n w v = inner n u v.
Proof.
  induction n as [|n IH]; intros w u v H; [reflexivity|]. cbn [inner]. rewrite (H n) by lia. f_equal.
  apply IH. intros j C. apply H. lia.
Qed.

(** <sum c_i J_i, y> = sum c_i <J_i, y>. *)
Lemma inner_rows_sum : forall n m c J y, inner n (rows_sum m c J) y = inner m c (fun i => inner n (J i) y).
Proof.
  induction m as [|m IH]; intros c J y; [apply inner_left_zero|]. cbn [inner]. rewrite <- IH, <- inner_left.
  apply inner_left_ext. intros j _. unfold rows_sum, plus, times. cbn [inner]. reflexivity.
Qed.

(** Every row vector is a combination of the rows. *)
Lemma det_nonzero_spans : forall n J a, det n J <> 0 -> exists z, same n a (rows_sum n z J).
Proof.
  intros n J a D.
  destruct (fewer_equations (S n) (map (fun j => with_last n (fun i => J i j) (a j)) (seq 0 n))) as (v & (k & K & NV) & E).
  { rewrite map_length, seq_length. lia. }
  assert (E' : forall j, (j < n)%nat -> rows_sum n v J j + a j * v n = 0).
  { intros j C. rewrite <- (E _ (in_map _ _ j (proj2 (in_seq n 0 j) ltac:(lia)))). cbn [inner].
    unfold with_last at 2. rewrite Nat.eqb_refl. f_equal. unfold rows_sum.
    rewrite (inner_left_ext n _ _ v (with_last_below n (fun i => J i j) (a j))).
    clear. induction n as [|n IH]; cbn [inner]; [reflexivity|]. rewrite IH. ring. }
  destruct (Req_dec (v n) 0) as [Z|N].
  - exfalso. assert (KN : (k < n)%nat) by (destruct (Nat.eq_dec k n) as [->|]; [contradiction|lia]).
    assert (X := det_combination n J k v KN). rewrite (det_zero_row n _ k KN) in X.
    + symmetry in X. apply Rmult_integral in X as [X|X]; contradiction.
    + rewrite with_row_at. intros j C. specialize (E' j C). rewrite Z in E'. unfold zero_point. lra.
  - exists (times (- / v n) v). intros j C. specialize (E' j C).
    assert (T : rows_sum n (times (- / v n) v) J j = - / v n * rows_sum n v J j).
    { unfold rows_sum. generalize (- / v n) as s. intro s. clear. induction n as [|n IH]; cbn [inner]; [ring|].
      rewrite IH. unfold times. ring. }
    rewrite T. replace (rows_sum n v J j) with (- (a j * v n)) by lra. field. exact N.
Qed.

(** One solution at most, *)
Theorem det_nonzero_kernel : forall n J y, det n J <> 0 -> (forall i, (i < n)%nat -> inner n (J i) y = 0) -> same n y zero_point.
Proof.
  intros n J y D H j C. destruct (det_nonzero_spans n J (fun k => if (k =? j)%nat then 1 else 0) D) as (z & E).
  assert (A : inner n (fun k => if (k =? j)%nat then 1 else 0) y = y j).
  { clear - C. induction n as [|n IH]; [lia|]. cbn [inner]. destruct (Nat.eqb_spec n j) as [->|N].
    - rewrite (inner_left_ext _ _ zero_point), inner_left_zero; [ring|].
      intros k K. destruct (Nat.eqb_spec k j); [lia|reflexivity].
    - rewrite IH by lia. ring. }
  rewrite <- A, (inner_left_ext _ _ _ y E), inner_rows_sum.
  rewrite (inner_ext n z _ zero_point) by (intros i I; apply H, I). unfold zero_point.
  clear. induction n as [|n IH]; cbn [inner]; [reflexivity|]. rewrite IH. ring.
Qed.

(** and one. *)
Theorem det_nonzero_solves : forall n J d, det n J <> 0 -> exists u, forall i, (i < n)%nat -> inner n (J i) u = d i.
Proof.
  intros n J d D.
  destruct (fewer_equations (S n) (map (fun i => with_last n (J i) (- d i)) (seq 0 n))) as (v & (k & K & NV) & E).
  { rewrite map_length, seq_length. lia. }
  assert (E' : forall i, (i < n)%nat -> inner n (J i) v = v n * d i).
  { intros i I. assert (X := E _ (in_map _ _ i (proj2 (in_seq n 0 i) ltac:(lia)))). cbn [inner] in X.
    unfold with_last at 2 in X. rewrite Nat.eqb_refl in X.
    rewrite (inner_left_ext n _ _ v (with_last_below n (J i) (- d i))) in X. lra. }
  destruct (Req_dec (v n) 0) as [Z|N].
  - exfalso. assert (KN : (k < n)%nat) by (destruct (Nat.eq_dec k n) as [->|]; [contradiction|lia]).
    apply NV. apply (det_nonzero_kernel n J v D); [|exact KN]. intros i I. rewrite (E' i I), Z. ring.
  - exists (times (/ v n) v). intros i I. rewrite inner_times, (E' i I). field. exact N.
Qed.

(** * Across a hyperplane *)

(** The matrix with a first row (0, a) and a first column (0, -d) more. *)
Definition bordered (a d : point) (J : nat -> point) : nat -> point :=
  fun i => match i with O => cons 0 a | S k => cons (- d k) (J k) end.

(** It has the determinant <a, u> det J, if J u = d. *)
Lemma det_bordered : forall n J a d u, det n J <> 0 -> (forall i, (i < n)%nat -> inner n (J i) u = d i) ->
  det (S n) (bordered a d J) = inner n a u * det n J.
Proof.
  intros n J a d u D H. destruct (det_nonzero_spans n J a D) as (z & E).
  assert (X := det_combination (S n) (bordered a d J) 0 (cons 1 (times (- 1) z)) ltac:(lia)).
  cbn [cons] in X. rewrite Rmult_1_l in X. rewrite <- X. clear X.
  assert (RS : forall j, rows_sum (S n) (cons 1 (times (- 1) z)) (bordered a d J) j
    = cons 0 a j - inner n z (fun i => cons (- d i) (J i) j)).
  { intro j. unfold rows_sum. rewrite (inner_ext (S n) _ _ (cons (cons 0 a j) (fun i => cons (- d i) (J i) j)))
      by (intros [|i] _; reflexivity).
    rewrite Count.inner_first. cbn [cons].
    assert (T : forall v, inner n (times (- 1) z) v = - inner n z v).
    { intro v. clear. induction n as [|n IH]; cbn [inner]; [ring|]. rewrite IH. unfold times. ring. }
    change (fun k => times (-1) z k) with (times (- 1) z). rewrite T. ring. }
  set (R := with_row 0 (rows_sum (S n) (cons 1 (times (- 1) z)) (bordered a d J)) (bordered a d J)).
  cbn [det]. rewrite sum_first. rewrite (sum_ext _ _ _ (fun _ => 0)).
  - rewrite sum_zero, Rplus_0_r. cbn [pow].
    assert (R0 : R 0%nat 0%nat = inner n a u).
    { unfold R. rewrite with_row_at, RS. cbn [cons].
      rewrite (inner_left_ext _ _ _ u E), inner_rows_sum, (inner_ext n z (fun i => inner n (J i) u) d H).
      clear. induction n as [|n IH]; cbn [inner]; [ring|]. lra. }
    rewrite R0, (det_ext n _ J); [ring|]. intros i _ j _. reflexivity.
  - intros i I. apply in_seq in I. destruct n as [|m]; [lia|].
    rewrite (det_zero_row (S m) _ 0); [ring|lia|].
    intros j C. change (R 0%nat (S j) = zero_point j). unfold R. rewrite with_row_at, RS. cbn [cons].
    rewrite (E j C). unfold rows_sum, zero_point. ring.
Qed.

(** J + w a^T. *)
Definition rank_one (J : nat -> point) (w a : point) : nat -> point := fun i => plus (J i) (times (w i) a).

Theorem det_rank_one : forall n J w a d u v, det n J <> 0 -> det n (rank_one J w a) <> 0 ->
  (forall i, (i < n)%nat -> inner n (J i) u = d i) ->
  (forall i, (i < n)%nat -> inner n (rank_one J w a i) v = d i) ->
  inner n a u * det n J = inner n a v * det n (rank_one J w a).
Proof.
  intros n J w a d u v D D' U V. rewrite <- (det_bordered n J a d u D U), <- (det_bordered n _ a d v D' V).
  symmetry. rewrite (det_cleared n (bordered a d J) _ 0 1 (cons 0 w)); [rewrite pow1; ring|lia| |].
  - intros j _. reflexivity.
  - intros [|i] I N; [lia|]. intros [|j] C; cbn; unfold rank_one, plus, times; cbn; ring.
Qed.

(** Where determinants on both sides of a hyperplane have one sign, a path with one image goes on to the same side. *)
Theorem same_side : forall n J w a d u v, 0 < det n J * det n (rank_one J w a) ->
  (forall i, (i < n)%nat -> inner n (J i) u = d i) ->
  (forall i, (i < n)%nat -> inner n (rank_one J w a i) v = d i) ->
  (inner n a u = 0 <-> inner n a v = 0) /\ (0 < inner n a u <-> 0 < inner n a v).
Proof.
  intros n J w a d u v P U V.
  assert (D : det n J <> 0) by (intro Z; rewrite Z in P; lra).
  assert (D' : det n (rank_one J w a) <> 0) by (intro Z; rewrite Z in P; lra).
  assert (E := det_rank_one n J w a d u v D D' U V).
  set (p := det n J) in *. set (q := det n (rank_one J w a)) in *. set (s := inner n a u) in *. set (t := inner n a v) in *.
  assert (F : s * (p * p) = t * (p * q)) by (replace (s * (p * p)) with (s * p * p) by ring; rewrite E; ring).
  assert (PP : 0 < p * p) by (apply Rsqr_pos_lt, D). clear - P F PP. set (x := p * p) in *. set (y := p * q) in *.
  split; split; intro H.
  - rewrite H in F. assert (Z : t * y = 0) by lra. apply Rmult_integral in Z. lra.
  - rewrite H in F. assert (Z : s * x = 0) by lra. apply Rmult_integral in Z. lra.
  - apply Rmult_lt_reg_r with y; [exact P|]. rewrite Rmult_0_l, <- F. apply Rmult_lt_0_compat; assumption.
  - apply Rmult_lt_reg_r with x; [exact PP|]. rewrite Rmult_0_l, F. apply Rmult_lt_0_compat; assumption.
Qed.
