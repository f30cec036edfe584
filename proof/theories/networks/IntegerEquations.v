(** Systems of linear equations in integers with as many unknowns: elimination, and what it says about the solution and about the
    determinant.

    Gauss-Jordan elimination on integers. A row is what is left of an equation, its right side last. The columns that have been
    dealt with are left out: there a row of [done] has the divisor in its own place and 0 elsewhere, the others have 0. *)

From Coq Require Import List ZArith Reals Lra Lia.
From Proof Require Import Layers Integers Sums.
From Proof.convolution Require Import Equations.
From Proof.convolution Require Count.
From Proof.networks Require Import Determinants.
Import ListNotations.
Open Scope Z_scope.


(** The first row that does not begin with 0, the others, and the sign of bringing it to the front. *)
Fixpoint pivot_row (rows : list (list Z)) : option (list Z * list (list Z) * Z) :=
  match rows with
  | [] => None
  | row :: rest =>
      if hd 0 row =? 0 then
        match pivot_row rest with Some (pivot, others, sign) => Some (pivot, row :: others, - sign) | None => None end
      else Some (row, rest, 1)
  end.

(** Rows without their first entry, cleared by the pivot; the divisor leaves no remainder (Bareiss), which is tested. *)
Fixpoint reduced_rows (divisor h : Z) (tail : list Z) (rows : list (list Z)) : option (list (list Z)) :=
  match rows with
  | [] => Some []
  | row :: rest =>
      match quotients divisor (combined h (tl row) (hd 0 row) tail), reduced_rows divisor h tail rest with
      | Some r, Some others => Some (r :: others)
      | _, _ => None
      end
  end.

(** The determinant, the last divisor, and the numbers that are this times the unknowns, in lists of one. *)
Fixpoint solved {A : Type} (columns : list A) (sign divisor : Z) (done rows : list (list Z))
  : option (Z * Z * list (list Z)) :=
  match columns with
  | [] => Some (sign * divisor, divisor, done)
  | _ :: columns' =>
      match pivot_row rows with
      | Some (pivot, others, s) =>
          let h := hd 0 pivot in
          let tail := tl pivot in
          match reduced_rows divisor h tail done, reduced_rows divisor h tail others with
          | Some done', Some others' => solved columns' (s * sign) h (done' ++ [tail]) others'
          | _, _ => None
          end
      | None => None
      end
  end.

Open Scope R_scope.

Definition numbers (l : list Z) : point := fun j => IZR (nth j l 0%Z).
Definition matrix_of (rows : list (list Z)) : nat -> point := fun i => numbers (nth i rows []).

Lemma numbers_head : forall l, numbers l 0%nat = IZR (hd 0%Z l).
Proof. intros [|a l]; reflexivity. Qed.

Lemma numbers_tail : forall l j, numbers l (S j) = numbers (tl l) j.
Proof. intros [|a l] j; unfold numbers; [destruct j|]; reflexivity. Qed.

Lemma numbers_combined : forall p y q z j, numbers (combined p y q z) j = IZR p * numbers y j - IZR q * numbers z j.
Proof.
  unfold numbers. intro p. induction y as [|a y IH]; intros q z j.
  - cbn [combined]. replace (nth j [] 0%Z) with 0%Z by (destruct j; reflexivity). revert j.
    induction z as [|b z IH]; intros [|j]; cbn [map nth]; try (rewrite IH); rewrite ?opp_IZR, ?mult_IZR; ring.
  - destruct z as [|b z]; cbn [combined].
    + replace (nth j [] 0%Z) with 0%Z by (destruct j; reflexivity).
      replace 0%Z with (p * 0)%Z at 1 by ring. rewrite (map_nth (fun c => (p * c)%Z)), mult_IZR. ring.
    + destruct j as [|j]; cbn [nth]; [rewrite minus_IZR, !mult_IZR; reflexivity|apply IH].
Qed.

Lemma numbers_quotients : forall d y z j, quotients d y = Some z -> IZR d * numbers z j = numbers y j.
Proof.
  unfold numbers. induction y as [|a y IH]; intros z j H; cbn [quotients] in H.
  - injection H as <-. destruct j; cbn; ring.
  - pose proof (Z.quotrem_eq a d) as E. destruct (Z.quotrem a d) as [q r].
    destruct (r =? 0)%Z eqn:R; [|discriminate]. apply Z.eqb_eq in R.
    destruct (quotients d y) as [rest|]; [|discriminate]. injection H as <-.
    destruct j as [|j]; cbn [nth]; [|apply IH; reflexivity]. rewrite <- mult_IZR. f_equal. lia.
Qed.

(** * One column *)

Lemma pivot_row_spec : forall rows pivot others s, pivot_row rows = Some (pivot, others, s) ->
  exists above below, rows = above ++ pivot :: below /\ others = above ++ below /\
    IZR (hd 0%Z pivot) <> 0 /\ IZR s = (-1) ^ length above.
Proof.
  induction rows as [|row rows IH]; intros pivot others s H; cbn [pivot_row] in H; [discriminate|].
  destruct (hd 0 row =? 0)%Z eqn:E.
  - destruct (pivot_row rows) as [[[p o] s']|]; [|discriminate]. injection H as <- <- <-.
    destruct (IH p o s' eq_refl) as (above & below & -> & -> & N & S). exists (row :: above), below.
    repeat split; [exact N|]. cbn [length pow]. rewrite opp_IZR, S. ring.
  - injection H as <- <- <-. exists [], rows. repeat split. apply not_0_IZR, Z.eqb_neq, E.
Qed.

Definition reduces (divisor h : Z) (tail row r : list Z) : Prop :=
  forall j, IZR divisor * numbers r j = IZR h * numbers row (S j) - numbers row 0%nat * numbers tail j.

Lemma reduced_rows_spec : forall divisor h tail rows rows', reduced_rows divisor h tail rows = Some rows' ->
  Forall2 (reduces divisor h tail) rows rows'.
Proof.
  induction rows as [|row rows IH]; intros rows' H; cbn [reduced_rows] in H; [injection H as <-; constructor|].
  destruct (quotients divisor (combined h (tl row) (hd 0 row)%Z tail)) as [r|] eqn:Q; [|discriminate].
  destruct (reduced_rows divisor h tail rows) as [others|]; [|discriminate]. injection H as <-.
  constructor; [|apply IH; reflexivity]. intro j.
  rewrite (numbers_quotients _ _ _ j Q), numbers_combined, numbers_tail, numbers_head. reflexivity.
Qed.

(** * Solutions *)

(** y solves the equation row, with y_n = -1 for the right side. *)
Definition solves (n : nat) (y : point) (row : list Z) : Prop := inner (S n) (numbers row) y = 0.

(** An equation in which an unknown x has been left out. *)
Definition holds (divisor : Z) (n : nat) (y : point) (x : R) (row : list Z) : Prop :=
  IZR divisor * x + inner (S n) (numbers row) y = 0.

Lemma inner_row : forall n row y,
  inner (S n) (numbers row) y = numbers row 0%nat * y 0%nat + inner n (numbers (tl row)) (fun j => y (S j)).
Proof.
  intros n row y. rewrite Count.inner_first. f_equal. apply inner_left_ext. intros j _. apply numbers_tail.
Qed.

Lemma reduced_inner : forall divisor h tail row r n y, reduces divisor h tail row r ->
  IZR divisor * inner n (numbers r) y = IZR h * inner n (numbers (tl row)) y - numbers row 0%nat * inner n (numbers tail) y.
Proof.
  intros divisor h tail row r n y H. induction n as [|n IH]; cbn [inner]; [ring|].
  specialize (H n). rewrite numbers_tail in H.
  replace (IZR divisor * (inner n (numbers r) y + numbers r n * y n))
    with (IZR divisor * inner n (numbers r) y + IZR divisor * numbers r n * y n) by ring.
  rewrite IH, H. ring.
Qed.

Lemma solved_solution : forall A (columns : list A) sign divisor done rows det last done' y xs,
  solved columns sign divisor done rows = Some (det, last, done') -> IZR divisor <> 0 ->
  Forall2 (holds divisor (length columns) y) xs done ->
  (forall row, In row rows -> solves (length columns) y row) ->
  IZR last <> 0 /\
  Forall2 (fun x row => IZR last * x + IZR (hd 0%Z row) * y (length columns) = 0) (xs ++ map y (seq 0 (length columns))) done'.
Proof.
  induction columns as [|c columns IH]; intros sign divisor done rows det last done' y xs H D X E; cbn [solved] in H.
  - injection H as _ <- <-. split; [exact D|]. cbn [length seq map] in *. rewrite app_nil_r.
    induction X as [|x row xs done HX _ IX]; constructor; [|apply IX].
    unfold holds in HX. cbn [inner] in HX. rewrite numbers_head in HX. lra.
  - destruct (pivot_row rows) as [[[pivot others] s]|] eqn:PR; [|discriminate].
    destruct (reduced_rows divisor (hd 0%Z pivot) (tl pivot) done) as [d'|] eqn:RD; [|discriminate].
    destruct (reduced_rows divisor (hd 0%Z pivot) (tl pivot) others) as [o'|] eqn:RO; [|discriminate].
    apply pivot_row_spec in PR as (above & below & -> & -> & N & _).
    apply reduced_rows_spec in RD, RO. cbn [length] in *. set (n := length columns) in *.
    set (y' := fun j => y (S j)).
    assert (EP : IZR (hd 0%Z pivot) * y 0%nat + inner (S n) (numbers (tl pivot)) y' = 0).
    { assert (P := E pivot ltac:(apply in_or_app; right; left; reflexivity)). unfold solves in P.
      rewrite inner_row, numbers_head in P. exact P. }
    destruct (IH _ _ _ _ _ _ _ y' (xs ++ [y 0%nat]) H N) as [L F].
    + apply Forall2_app; [|constructor; [exact EP|constructor]].
      clear - X RD EP D. revert d' RD.
      induction X as [|x row xs done HX _ IX]; intros d' RD; inversion RD; subst; constructor; auto.
      unfold holds in *. rewrite inner_row in HX. fold y' in HX.
      assert (R := reduced_inner _ _ _ _ _ (S n) y' H1). apply Rmult_eq_reg_l with (IZR divisor); [|exact D].
      rewrite Rmult_0_r, Rmult_plus_distr_l, R.
      replace (inner (S n) (numbers (tl row)) y') with (- (IZR divisor * x) - numbers row 0%nat * y 0%nat) by lra.
      replace (inner (S n) (numbers (tl pivot)) y') with (- (IZR (hd 0%Z pivot) * y 0%nat)) by lra. ring.
    + intros r I. assert (I' : exists row, In row (above ++ below) /\ reduces divisor (hd 0%Z pivot) (tl pivot) row r).
      { clear - RO I. induction RO as [|row r' rows rows' HR _ IR]; [destruct I|]. destruct I as [<-|I].
        - exists row. split; [left; reflexivity|exact HR].
        - destruct (IR I) as (row' & I' & R). exists row'. split; [right; exact I'|exact R]. }
      destruct I' as (row & I' & R). assert (ER : solves (S n) y row).
      { apply E. apply in_app_or in I'. apply in_or_app. destruct I'; [left|right; right]; assumption. }
      unfold solves in *. rewrite inner_row in ER. fold y' in ER.
      assert (R' := reduced_inner _ _ _ _ _ (S n) y' R). apply Rmult_eq_reg_l with (IZR divisor); [|exact D].
      rewrite Rmult_0_r, R'. replace (inner (S n) (numbers (tl row)) y') with (- (numbers row 0%nat * y 0%nat)) by lra.
      replace (inner (S n) (numbers (tl pivot)) y') with (- (IZR (hd 0%Z pivot) * y 0%nat)) by lra. ring.
    + split; [exact L|]. rewrite <- app_assoc in F. cbn [app] in F.
      cbn [seq map]. rewrite <- seq_shift, map_map. exact F.
Qed.

(** * The determinant *)

Lemma det_times : forall n J s, det n (fun i => times s (J i)) = s ^ n * det n J.
Proof.
  induction n as [|n IH]; intros J s; [cbn; ring|]. cbn [det]. rewrite <- sum_times. apply sum_ext. intros i _.
  rewrite (det_ext n _ (fun r => times s (fun c => J (skip i r) (S c)))) by (intros r _ c _; reflexivity).
  rewrite (IH (fun r c => J (skip i r) (S c))). unfold times. cbn [pow]. ring.
Qed.

Lemma sum_of_one : forall n f p, (p < n)%nat -> (forall i, (i < n)%nat -> i <> p -> f i = 0) -> sum (seq 0 n) f = f p.
Proof.
  induction n as [|n IH]; intros f p P Z; [lia|]. rewrite sum_last. destruct (Nat.eq_dec n p) as [->|N].
  - rewrite (sum_ext _ _ f (fun _ => 0)); [rewrite sum_zero; ring|]. intros i I. apply in_seq in I. apply Z; lia.
  - rewrite (IH f p); [rewrite (Z n); [ring|lia|exact N]|lia|]. intros i I. apply Z. lia.
Qed.

(** The determinant before and after a column. *)
Lemma det_column : forall n divisor above pivot below rows',
  length (above ++ pivot :: below) = S n -> Forall2 (reduces divisor (hd 0%Z pivot) (tl pivot)) (above ++ below) rows' ->
  let h := IZR (hd 0%Z pivot) in
  h ^ n * det (S n) (matrix_of (above ++ pivot :: below)) = (-1) ^ length above * h * (IZR divisor ^ n * det n (matrix_of rows')).
Proof.
  intros n divisor above pivot below rows' L R h. set (J := matrix_of (above ++ pivot :: below)). set (p := length above).
  assert (P : (p < S n)%nat) by (rewrite app_length in L; cbn [length] in L; unfold p; lia).
  assert (JP : J p = numbers pivot).
  { unfold J, matrix_of, p. rewrite app_nth2, Nat.sub_diag by lia. reflexivity. }
  set (M := fun i => if (i =? p)%nat then J p else plus (times h (J i)) (times (- J i 0%nat) (J p))).
  rewrite <- (det_cleared n J M p h (fun i => - J i 0%nat) P).
  - cbn [det]. rewrite (sum_of_one _ _ p P).
    + replace (M p 0%nat) with h by (unfold M; rewrite Nat.eqb_refl, JP, numbers_head; reflexivity).
      rewrite <- det_times. f_equal. apply det_ext. intros i I j _. unfold M.
      destruct (Nat.eqb_spec (skip p i) p) as [S|_]; [unfold skip in S; destruct (Nat.ltb_spec i p); lia|].
      assert (N : J (skip p i) = matrix_of (above ++ below) i).
      { unfold J, matrix_of, skip. f_equal. destruct (Nat.ltb_spec i p).
        - rewrite !app_nth1 by assumption. reflexivity.
        - rewrite !app_nth2 by (unfold p in *; lia). fold p. replace (S i - p)%nat with (S (i - p)) by lia. reflexivity. }
      rewrite N, JP. unfold plus, times. rewrite numbers_tail.
      assert (LB : (i < length (above ++ below))%nat).
      { rewrite app_length in *. cbn [length] in L. lia. }
      assert (RI : reduces divisor (hd 0%Z pivot) (tl pivot) (nth i (above ++ below) []) (nth i rows' [])).
      { clear - R LB. revert i LB. induction R as [|row r rows rows' HR _ IR]; intros i LB; [cbn in LB; lia|].
        destruct i as [|i]; cbn [nth]; [exact HR|]. apply IR. cbn in LB. lia. }
      specialize (RI j). fold h in RI. change (matrix_of rows' i j) with (numbers (nth i rows' []) j). rewrite RI.
      unfold matrix_of. ring.
    + intros i _ N. unfold M. destruct (Nat.eqb_spec i p); [contradiction|].
      unfold plus, times. rewrite JP, numbers_head. fold h. ring.
  - unfold M. rewrite Nat.eqb_refl. intros j _. reflexivity.
  - intros i _ N. unfold M. destruct (Nat.eqb_spec i p); [contradiction|]. intros j _. reflexivity.
Qed.

Lemma solved_determinant : forall A (columns : list A) sign divisor done rows d last done',
  solved columns sign divisor done rows = Some (d, last, done') -> IZR divisor <> 0 -> length rows = length columns ->
  IZR divisor * det (length columns) (matrix_of rows) * IZR sign = IZR d * IZR divisor ^ length columns.
Proof.
  induction columns as [|c columns IH]; intros sign divisor done rows d last done' H D L; cbn [solved] in H.
  - injection H as <- _ _. cbn. rewrite mult_IZR. ring.
  - destruct (pivot_row rows) as [[[pivot others] s]|] eqn:PR; [|discriminate].
    destruct (reduced_rows divisor (hd 0%Z pivot) (tl pivot) done) as [d'|]; [|discriminate].
    destruct (reduced_rows divisor (hd 0%Z pivot) (tl pivot) others) as [o'|] eqn:RO; [|discriminate].
    apply pivot_row_spec in PR as (above & below & -> & -> & N & S). apply reduced_rows_spec in RO.
    cbn [length] in *. set (n := length columns) in *.
    assert (LO : length o' = n).
    { assert (LF : length (above ++ below) = length o') by (clear - RO; induction RO; cbn [length]; congruence).
      rewrite app_length in L, LF. cbn [length] in L. lia. }
    assert (E := det_column n divisor above pivot below o' L RO). cbn zeta in E. rewrite <- S in E.
    specialize (IH _ _ _ _ _ _ _ H N LO). rewrite mult_IZR in IH. set (h := IZR (hd 0%Z pivot)) in *.
    apply Rmult_eq_reg_l with (h ^ n); [|apply pow_nonzero, N].
    replace (h ^ n * (IZR divisor * det (Datatypes.S n) (matrix_of (above ++ pivot :: below)) * IZR sign))
      with (IZR divisor * IZR sign * (h ^ n * det (Datatypes.S n) (matrix_of (above ++ pivot :: below)))) by ring.
    rewrite E. cbn [pow].
    replace (IZR divisor * IZR sign * (IZR s * h * (IZR divisor ^ n * det n (matrix_of o'))))
      with (IZR divisor * IZR divisor ^ n * (h * det n (matrix_of o') * (IZR s * IZR sign))) by ring.
    rewrite IH. ring.
Qed.
