(** What an accepted certificate with the rule "orientation" says about the cells of a block: all of them have a determinant of one
    sign, and the value at the point is taken in their closures at no other point. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia FunctionalExtensionality.
From Proof Require Import Layers Networks Streams Integers Rows Domains Interior Sums Tables Combinations.
From Proof.rules Require Import Collision.
From Proof.convolution Require Import Periodic Equations.
From Proof.networks Require Import Determinants IntegerEquations Orientation.
Import ListNotations.
Open Scope R_scope.

(** * Cells *)

Section Block.

Variable n : nat.
Variable f : residual_block.

Definition units_of : list nat := seq 0 (length (hidden f)).
Definition unit_row (i : nat) : row := nth i (hidden f) (Row [] 0%Q).
Definition unit_normal (i : nat) : point := fun j => Q2R (nth j (normal (unit_row i)) 0%Q).
Definition unit_bias (i : nat) : R := Q2R (bias (unit_row i)).
Definition back_entry (i j : nat) : R := Q2R (nth i (nth j (back f) []) 0%Q).

(** No hidden unit is 0 at x, but those that are constant. *)
Definition generic_point (x : point) : Prop :=
  forall i, In i units_of -> (exists j, (j < n)%nat /\ unit_normal i j <> 0) -> affine (unit_row i) x <> 0.

(** P is the pattern of a generic point. *)
Definition has_cell (P : nat -> bool) : Prop :=
  exists x, generic_point x /\ forall i, In i units_of -> (P i = true <-> 0 <= affine (unit_row i) x).

(** J = I + B_P A_P, and B_P b_P. *)
Definition cell_matrix (P : nat -> bool) (j : nat) : point :=
  fun c => (if (j =? c)%nat then 1 else 0) + sum units_of (fun i => if P i then back_entry i j * unit_normal i c else 0).
Definition cell_offset (P : nat -> bool) : point :=
  fun j => sum units_of (fun i => if P i then unit_bias i * back_entry i j else 0).

(** All cells have the sign of s, and map nothing in their closures to the value at p but p. *)
Definition cells_oriented (s : R) (p : point) : Prop :=
  generic_point p /\ forall P, has_cell P ->
    0 < s * det n (cell_matrix P) /\
    forall z, (forall j, (j < n)%nat -> inner n (cell_matrix P j) z + cell_offset P j = block_value f p j) ->
      (forall i, In i units_of -> if P i then 0 <= affine (unit_row i) z else affine (unit_row i) z <= 0) -> same n z p.

End Block.

(** * Entries *)

Lemma dot_unit : forall w c, dot w (fun j => if (j =? c)%nat then 1 else 0) = Q2R (nth c w 0%Q).
Proof.
  assert (Z : forall w, dot w (fun _ => 0) = 0).
  { induction w as [|a w IH]; cbn [dot]; [reflexivity|]. rewrite IH. ring. }
  induction w as [|a w IH]; intros [|c]; cbn [dot nth Nat.eqb]; rewrite ?Q2R_zero; try reflexivity.
  - rewrite Z. ring.
  - rewrite IH. ring.
Qed.

Lemma idot_unit : forall w c, idot w (fun j => if (j =? c)%nat then 1 else 0) = numbers w c.
Proof.
  assert (Z : forall w, idot w (fun _ => 0) = 0).
  { induction w as [|a w IH]; cbn [idot]; [reflexivity|]. rewrite IH. ring. }
  unfold numbers. induction w as [|a w IH]; intros [|c]; cbn [idot nth Nat.eqb]; try reflexivity.
  - rewrite Z. ring.
  - rewrite IH. ring.
Qed.

Lemma made_entries : forall n q r, made_from n q r ->
  (forall c, numbers (weights r) c = IZR (denominator r) * Q2R (nth c (normal q) 0%Q)) /\
  IZR (constant r) = IZR (denominator r) * Q2R (bias q).
Proof.
  intros n q r (_ & D & V).
  assert (C : IZR (constant r) = IZR (denominator r) * Q2R (bias q)).
  { assert (E := V (times 0 zero_point)). unfold value, affine in E. rewrite idot_times, dot_times in E. lra. }
  split; [|exact C]. intro c. rewrite <- idot_unit, <- dot_unit.
  specialize (V (fun j => if (j =? c)%nat then 1 else 0)). unfold value, affine in V. lra.
Qed.

Lemma numbers_added : forall y k z j, numbers (added y k z) j = numbers y j + IZR k * numbers z j.
Proof.
  unfold numbers. induction y as [|a y IH]; intros k z j.
  - destruct z as [|b z]; cbn [added]; [destruct j; cbn; ring|].
    replace 0%Z with (k * 0)%Z at 1 by ring. rewrite (map_nth (fun c => (k * c)%Z)), mult_IZR. destruct j; cbn [nth]; ring.
  - destruct z as [|b z]; cbn [added]; [replace (nth j [] 0%Z) with 0%Z by (destruct j; reflexivity); ring|].
    destruct j as [|j]; cbn [nth]; [rewrite plus_IZR, mult_IZR; reflexivity|apply IH].
Qed.

Lemma numbers_with_units : forall flags c rows total j,
  numbers (with_units flags c rows total) j =
  numbers total j + sum (seq 0 (length flags)) (fun i => if nth i flags false then numbers c i * matrix_of rows i j else 0).
Proof.
  assert (Z : forall l (flags : list bool), sum l (fun i => if nth i flags false then 0 else 0) = 0).
  { intros l flags. rewrite (sum_ext _ _ _ (fun _ => 0)), sum_zero; [reflexivity|].
    intros i _. destruct (nth i flags false); reflexivity. }
  induction flags as [|flag flags IH]; intros c rows total j; [cbn; ring|].
  destruct c as [|k c]; [|destruct rows as [|row rows]].
  - cbn [with_units]. rewrite (sum_ext _ _ _ (fun i => if nth i (flag :: flags) false then 0 else 0)), Z; [ring|].
    intros i _. unfold numbers at 1. destruct i, (nth _ (flag :: flags) false); cbn; ring.
  - cbn [with_units]. rewrite (sum_ext _ _ _ (fun i => if nth i (flag :: flags) false then 0 else 0)), Z; [ring|].
    intros i _. unfold matrix_of, numbers. destruct i, (nth _ (flag :: flags) false); cbn; destruct j; ring.
  - cbn [with_units length]. rewrite IH, sum_first.
    change (sum (seq 0 (length flags)) (fun i => if nth (S i) (flag :: flags) false
      then numbers (k :: c) (S i) * matrix_of (row :: rows) (S i) j else 0))
      with (sum (seq 0 (length flags)) (fun i => if nth i flags false then numbers c i * matrix_of rows i j else 0)).
    cbn [nth]. unfold matrix_of at 2. cbn [nth]. change (numbers (k :: c) 0%nat) with (IZR k).
    destruct flag; cbn [andb]; [|ring]. destruct (k =? 0)%Z eqn:K; cbn [negb].
    + apply Z.eqb_eq in K. subst k. ring.
    + rewrite numbers_added. ring.
Qed.

Lemma product_sum : forall c v, IZR (product c v) = sum (seq 0 (length v)) (fun i => numbers c i * IZR (nth i v 0%Z)).
Proof.
  induction c as [|a c IH]; intro v.
  - rewrite (sum_ext _ _ _ (fun _ => 0)), sum_zero; [reflexivity|]. intros [|i] _; unfold numbers; cbn; ring.
  - destruct v as [|b v]; [reflexivity|]. cbn [product length]. rewrite plus_IZR, mult_IZR, IH, sum_first. reflexivity.
Qed.

Lemma numbers_last : forall l a n, length l = n -> numbers (l ++ [a]) n = IZR a.
Proof. intros l a n <-. unfold numbers. rewrite app_nth2, Nat.sub_diag by lia. reflexivity. Qed.

Lemma numbers_before : forall l a j, (j < length l)%nat -> numbers (l ++ [a]) j = numbers l j.
Proof. intros l a j L. unfold numbers. rewrite app_nth1 by exact L. reflexivity. Qed.

Lemma numbers_unit_vector : forall D n j c, (c < n)%nat ->
  numbers (map (Z.mul D) (unit_vector n j)) c = IZR D * (if (j =? c)%nat then 1 else 0).
Proof.
  intros D n j c C. unfold numbers. replace 0%Z with (D * 0)%Z at 1 by ring. rewrite map_nth, mult_IZR. f_equal.
  change (numbers (unit_vector n j) c = (if (j =? c)%nat then 1 else 0)).
  unfold numbers, unit_vector.
  rewrite (nth_indep _ 0%Z (if Nat.eqb 0 j then 1%Z else 0%Z)) by (rewrite map_length, seq_length; exact C).
  rewrite (map_nth (fun i => if Nat.eqb i j then 1%Z else 0%Z)), seq_nth by exact C. cbn [plus].
  rewrite Nat.eqb_sym. cbn. destruct (j =? c)%nat; reflexivity.
Qed.

Lemma equations_of_spec : forall n units values back x j eqs, equations_of n j units values back x = Some eqs ->
  length back = length x ->
  length eqs = length back /\ forall i, (i < length back)%nat -> exists D e, nth_error eqs i = Some e /\ 0 < IZR D /\
    multiples D (coefficients e) (shares (nth i back []) units) /\
    start e = map (Z.mul D) (unit_vector n (j + i)) ++ [(D * nth i x 0 + product (coefficients e) (map (Z.max 0) values))%Z].
Proof.
  intros n units values. induction back as [|row back IH]; intros [|a x] j eqs H L; try discriminate L; cbn [equations_of] in H.
  - injection H as <-. split; [reflexivity|]. intros i I. cbn in I. lia.
  - destruct (over_one_denominator (shares row units)) as [[c D]|] eqn:O; [|discriminate].
    destruct (equations_of n (S j) units values back x) as [rest|] eqn:R; [|discriminate]. injection H as <-. injection L as L.
    destruct (IH x (S j) rest R L) as [LR E]. split; [cbn; congruence|]. intros [|i] I.
    + exists D. eexists. split; [reflexivity|]. apply over_one_denominator_spec in O as [M P].
      split; [exact P|]. split; [exact M|]. rewrite Nat.add_0_r. reflexivity.
    + replace (j + S i)%nat with (S j + i)%nat by lia. apply E. cbn in I. lia.
Qed.

Lemma shares_nth : forall row units i r, nth_error units i = Some r -> length row = length units -> 0 < IZR (denominator r) ->
  Q2R (nth i (shares row units) 0%Q) = Q2R (nth i row 0%Q) / IZR (denominator r).
Proof.
  induction row as [|q row IH]; intros [|u units] i r E L D; try discriminate L; [destruct i; discriminate E|].
  destruct i as [|i]; cbn [shares nth nth_error] in *; [|apply IH; auto].
  injection E as ->. rewrite Q2R_mult. unfold Rdiv. f_equal. unfold Q2R. cbn [Qnum Qden]. rewrite Z2Pos.id; [lra|].
  apply lt_IZR, D.
Qed.

Lemma dot_sum : forall w v, dot w v = sum (seq 0 (length w)) (fun i => Q2R (nth i w 0%Q) * v i).
Proof. induction w as [|a w IH]; intro v; [reflexivity|]. cbn [dot length]. rewrite sum_first, IH. reflexivity. Qed.

Lemma inner_sum : forall n w v, inner n w v = sum (seq 0 n) (fun j => w j * v j).
Proof. induction n as [|n IH]; intros w v; [reflexivity|]. rewrite sum_last. cbn [inner]. rewrite IH. reflexivity. Qed.

Lemma block_value_sum : forall f x j, length (nth j (back f) []) = length (hidden f) ->
  block_value f x j = x j + sum (units_of f) (fun i => back_entry f i j * relu (affine (unit_row f i) x)).
Proof.
  intros f x j L. unfold block_value. rewrite dot_sum, L. f_equal. apply sum_ext. intros i I. apply in_seq in I.
  unfold back_entry, point_of, output. f_equal.
  rewrite (nth_indep _ 0 (relu (affine (Row [] 0%Q) x))) by (rewrite map_length; lia).
  rewrite (map_nth (fun r => relu (affine r x))). reflexivity.
Qed.

(** * The equations of a cell *)

Lemma Forall2_at : forall A B (P : A -> B -> Prop) l k a0, Forall2 P l k ->
  forall i b, nth_error k i = Some b -> (i < length l)%nat /\ P (nth i l a0) b.
Proof.
  induction 1 as [|a b l k H _ IH]; intros i c E; [destruct i; discriminate E|].
  destruct i as [|i]; cbn in *; [injection E as <-; split; [lia|exact H]|]. destruct (IH i c E). split; [lia|assumption].
Qed.

Section Sound.

Variable n : nat.
Variable f : residual_block.
Variable units : list integer_row.
Hypothesis rows_made : Forall2 (made_from n) (hidden f) units.

Lemma units_length : length (hidden f) = length units.
Proof. apply (Forall2_length _ _ _ _ _ rows_made). Qed.

Lemma unit_made : forall i r, nth_error units i = Some r -> In i (units_of f) /\ made_from n (unit_row f i) r.
Proof.
  intros i r E. destruct (Forall2_at _ _ _ _ _ (Row [] 0%Q) rows_made i r E) as [L M]. split; [|exact M]. apply in_seq. lia.
Qed.

Lemma unit_there : forall i, In i (units_of f) -> exists r, nth_error units i = Some r.
Proof.
  intros i I. apply in_seq in I. rewrite units_length in I. destruct (nth_error units i) as [r|] eqn:E; [exists r; reflexivity|].
  apply nth_error_None in E. lia.
Qed.

Variable p : list Q.
Variable x : list Z.
Variable d : Z.
Variable equations : list equation.
Hypothesis numbered : forall i r, nth_error units i = Some r -> number r = Z.of_nat i.
Hypothesis back_length : length (back f) = n.
Hypothesis back_rows : forall row, In row (back f) -> length row = length units.
Hypothesis x_length : length x = n.
Hypothesis x_point : multiples d x p.
Hypothesis d_positive : 0 < IZR d.
Hypothesis equations_made : equations_of n 0 units (values_at units x d) (back f) x = Some equations.

Lemma back_row_length : forall j, (j < n)%nat -> length (nth j (back f) []) = length units.
Proof. intros j C. apply back_rows, nth_In. rewrite back_length. exact C. Qed.

Lemma at_point : over x d = center_of p.
Proof.
  apply functional_extensionality. intro j. unfold over, center_of. rewrite (multiples_nth _ _ _ x_point). field. lra.
Qed.

Definition pattern_of (flags : list bool) (i : nat) : bool := nth i flags false.

(** One row: s times a row of the matrix, and s d times the right side. *)
Lemma cell_row : forall flags j, length flags = length units -> (j < n)%nat ->
  exists s e, nth_error equations j = Some e /\ 0 < s /\
    let row := numbers (with_units flags (coefficients e) (map (extended d) units) (start e)) in
    same n row (times s (cell_matrix f (pattern_of flags) j)) /\
    row n = s * (IZR d * (block_value f (center_of p) j - cell_offset f (pattern_of flags) j)).
Proof.
  intros flags j LF C. assert (LB := back_row_length j C).
  destruct (equations_of_spec _ _ _ _ _ _ _ equations_made) as [LE E]; [rewrite x_length; exact back_length|].
  destruct (E j ltac:(lia)) as (D & e & EJ & DP & M & S). exists (IZR D), e. split; [exact EJ|]. split; [exact DP|].
  cbn zeta. unfold times. set (P := pattern_of flags).
  assert (UV : length (map (Z.mul D) (unit_vector n (0 + j))) = n) by (rewrite map_length; apply unit_vector_length).
  assert (K : forall i r, nth_error units i = Some r ->
    IZR (denominator r) <> 0 /\ numbers (coefficients e) i = IZR D * (back_entry f i j / IZR (denominator r)) /\
    nth i (map (extended d) units) [] = extended d r).
  { intros i r R. destruct (unit_made i r R) as [_ (_ & DR & _)]. split; [lra|]. split.
    - unfold numbers. rewrite (multiples_nth _ _ _ M). f_equal. apply shares_nth; auto.
    - apply nth_error_nth. rewrite nth_error_map, R. reflexivity. }
  split.
  - intros c CN. rewrite numbers_with_units, S, numbers_before, numbers_unit_vector by (rewrite ?UV; exact CN).
    unfold cell_matrix. rewrite Rmult_plus_distr_l, LF, <- units_length. f_equal. rewrite <- sum_times.
    apply sum_ext. intros i I. change (nth i flags false) with (P i). destruct (P i); [|ring].
    destruct (unit_there i I) as (r & R). destruct (K i r R) as (N & KC & KR). unfold matrix_of. rewrite KC, KR.
    destruct (unit_made i r R) as [_ MR]. assert (LW := proj1 (proj1 MR)). destruct (made_entries _ _ _ MR) as [W _].
    unfold extended. rewrite numbers_before, W by lia. unfold unit_normal. field. exact N.
  - rewrite numbers_with_units, S, numbers_last by exact UV. rewrite LF, <- units_length.
    rewrite block_value_sum by (rewrite units_length; exact LB).
    rewrite plus_IZR, mult_IZR, product_sum, map_length. unfold values_at at 1. rewrite map_length, <- units_length.
    change (numbers x j) with (IZR (nth j x 0%Z)). rewrite (multiples_nth _ _ _ x_point).
    fold (units_of f). unfold cell_offset, center_of at 1.
    set (s1 := sum _ _). set (s2 := sum _ _). set (s3 := sum _ _). set (s4 := sum _ _).
    assert (E1 : s1 = IZR D * IZR d * s3).
    { unfold s1, s3. rewrite <- sum_times. apply sum_ext. intros i I. destruct (unit_there i I) as (r & R).
      destruct (K i r R) as (N & KC & _). rewrite KC. destruct (unit_made i r R) as [_ (_ & DR & V)].
      rewrite (nth_error_nth _ i (x := Z.max 0 (inner_product r x d))).
      - rewrite Z.max_comm, max_relu, inner_product_value, at_point, V, !relu_times by lra. field. exact N.
      - unfold values_at. rewrite map_map, nth_error_map, R. reflexivity. }
    assert (E2 : s2 = - (IZR D * IZR d) * s4).
    { unfold s2, s4. rewrite <- sum_times. apply sum_ext. intros i I. change (nth i flags false) with (P i).
      destruct (P i); [|ring]. destruct (unit_there i I) as (r & R). destruct (K i r R) as (N & KC & KR).
      unfold matrix_of. rewrite KC, KR. destruct (unit_made i r R) as [_ MR]. assert (LW := proj1 (proj1 MR)).
      destruct (made_entries _ _ _ MR) as [_ BC]. unfold extended. rewrite numbers_last, opp_IZR, mult_IZR, BC by exact LW.
      unfold unit_bias. field. exact N. }
    rewrite E1, E2. ring.
Qed.

Lemma heads_solution : forall last xs done, Forall2 (fun a row => last * a + IZR (hd 0%Z row) * -1 = 0) xs done ->
  length done = length xs /\ forall j, (j < length xs)%nat -> numbers (map (hd 0%Z) done) j = last * nth j xs 0.
Proof.
  intros last xs done F. induction F as [|a row xs done H _ [L IH]]; [split; [reflexivity|intros j C; cbn in C; lia]|].
  split; [cbn; congruence|]. intros [|j] C; [unfold numbers; cbn [map nth]; lra|]. apply (IH j). cbn in C. lia.
Qed.

(** What is known where the elimination has come to an end. *)
Lemma cell_solved : forall flags determinant divisor done, length flags = length units ->
  solved x 1 1 [] (map (fun e => with_units flags (coefficients e) (map (extended d) units) (start e)) equations)
    = Some (determinant, divisor, done) ->
  (exists s, 0 < s /\ IZR determinant = s * det n (cell_matrix f (pattern_of flags))) /\
  IZR divisor <> 0 /\
  forall z, (forall j, (j < n)%nat ->
      inner n (cell_matrix f (pattern_of flags) j) z + cell_offset f (pattern_of flags) j = block_value f (center_of p) j) ->
    same n (numbers (map (hd 0%Z) done)) (times (IZR divisor * IZR d) z) /\ length done = n.
Proof.
  intros flags determinant divisor done LF H. set (P := pattern_of flags).
  set (system := map (fun e => with_units flags (coefficients e) (map (extended d) units) (start e)) equations) in *.
  destruct (equations_of_spec _ _ _ _ _ _ _ equations_made) as [LE _]; [rewrite x_length; exact back_length|].
  assert (LS : length system = length x) by (unfold system; rewrite map_length; congruence).
  assert (row_at : forall j, (j < n)%nat -> exists s, 0 < s /\ same n (matrix_of system j) (times s (cell_matrix f P j)) /\
    matrix_of system j n = s * (IZR d * (block_value f (center_of p) j - cell_offset f P j))).
  { intros j C. destruct (cell_row flags j LF C) as (s & e & E & S0 & R). exists s. split; [exact S0|].
    unfold matrix_of. rewrite (nth_error_nth system j (x := with_units flags (coefficients e) (map (extended d) units) (start e))).
    - exact R.
    - unfold system. rewrite nth_error_map, E. reflexivity. }
  assert (NZ : IZR 1 <> 0) by lra. split; [|split].
  - assert (E := solved_determinant _ _ _ _ _ _ _ _ _ H NZ LS). rewrite pow1, x_length in E.
    destruct (det_positive_multiples n (cell_matrix f P) (matrix_of system)) as (s & S0 & DS).
    + intros i I. destruct (row_at i I) as (s & S0 & R & _). exists s. split; assumption.
    + exists s. split; [exact S0|]. rewrite <- DS. lra.
  - apply (solved_solution _ _ _ _ _ _ _ _ _ (fun _ => 0) [] H NZ); [constructor|].
    intros row _. unfold solves. rewrite (inner_ext _ _ _ (times 0 zero_point)) by (intros j _; unfold times, zero_point; ring).
    rewrite inner_times. ring.
  - intros z Z. set (y := fun j => if (j <? n)%nat then IZR d * z j else -1).
    assert (YZ : same n y (times (IZR d) z)).
    { intros j C. unfold y. destruct (Nat.ltb_spec j n); [reflexivity|lia]. }
    assert (YN : y n = -1) by (unfold y; destruct (Nat.ltb_spec n n); [lia|reflexivity]).
    destruct (solved_solution _ _ _ _ _ _ _ _ _ y [] H NZ) as [L F]; [constructor| |].
    + intros row I. apply (In_nth _ _ []) in I as (j & C & <-). rewrite LS, x_length in C.
      destruct (row_at j C) as (s & S0 & R & RN). unfold solves. rewrite x_length. cbn [inner].
      fold (matrix_of system j). rewrite (inner_left_ext _ _ _ _ R), (inner_ext _ _ _ _ YZ), RN, YN, inner_times.
      rewrite (inner_left_ext _ _ (plus zero_point (times s (cell_matrix f P j))))
        by (intros k _; unfold plus, times, zero_point; ring).
      rewrite inner_left, inner_left_zero. rewrite <- (Z j C). fold P. ring.
    + rewrite x_length, YN in F. cbn [app] in F. destruct (heads_solution _ _ _ F) as [LD HD].
      rewrite map_length, seq_length in LD, HD. split; [|exact LD]. intros j C. rewrite (HD j C).
      rewrite (nth_indep _ 0 (y 0%nat)) by (rewrite map_length, seq_length; exact C).
      rewrite map_nth, seq_nth, Nat.add_0_l, (YZ j C) by exact C. unfold times. ring.
Qed.

(** * The test of a cell *)

Lemma is_point_sound : forall divisor l z, IZR divisor <> 0 -> length l = n -> is_point x divisor l = true ->
  same n (numbers l) (times (IZR divisor * IZR d) z) -> same n z (center_of p).
Proof.
  intros divisor l z N L H E j C. unfold is_point in H. rewrite forallb_forall in H.
  specialize (H (nth j (combine x l) (0%Z, 0%Z))). rewrite combine_nth in H by congruence.
  assert (I : In (nth j x 0%Z, nth j l 0%Z) (combine x l)).
  { rewrite <- combine_nth by congruence. apply nth_In. rewrite combine_length. lia. }
  specialize (H I). cbn [fst snd] in H. apply Z.eqb_eq, (f_equal IZR) in H. rewrite mult_IZR, (multiples_nth _ _ _ x_point) in H.
  specialize (E j C). unfold numbers, times in E. unfold center_of.
  apply Rmult_eq_reg_l with (IZR divisor * IZR d); [lra|]. apply Rmult_integral_contrapositive. split; lra.
Qed.

Lemma signs_hold_at : forall divisor l z, IZR divisor <> 0 -> same n (numbers l) (times (IZR divisor * IZR d) z) ->
  forall flags rows, (forall i r, nth_error rows i = Some r -> length (weights r) = n /\
    if pattern_of flags i then 0 <= value r z else value r z <= 0) ->
  signs_hold d flags rows divisor l = true.
Proof.
  intros divisor l z N E. induction flags as [|flag flags IH]; intros [|r rows] H; try reflexivity. cbn [signs_hold].
  rewrite IH by (intros i s I; apply (H (S i) s I)). rewrite andb_true_r.
  destruct (H 0%nat r eq_refl) as [L V]. unfold pattern_of in V. cbn [nth] in V.
  set (t := (Z.sgn divisor * (product (weights r) l + constant r * d * divisor))%Z).
  assert (T : IZR t = IZR (Z.abs divisor) * IZR d * value r z).
  { unfold t. rewrite <- Z.sgn_abs, !mult_IZR, plus_IZR, !mult_IZR, <- idot_nth.
    rewrite (idot_ext _ (fun j => IZR (nth j l 0%Z)) (times (IZR divisor * IZR d) z)) by (intros j J; apply E; lia).
    rewrite idot_times. unfold value. ring. }
  assert (A : 0 < IZR (Z.abs divisor) * IZR d).
  { apply Rmult_lt_0_compat; [|exact d_positive]. apply IZR_lt, Z.abs_pos. intros ->. apply N. reflexivity. }
  destruct flag; apply Z.leb_le, le_IZR; rewrite T.
  - apply Rmult_le_pos; lra.
  - replace 0 with (IZR (Z.abs divisor) * IZR d * 0) by ring. apply Rmult_le_compat_l; lra.
Qed.

Lemma cell_matrix_ext : forall P P' j c, (forall i, In i (units_of f) -> P i = P' i) -> cell_matrix f P j c = cell_matrix f P' j c.
Proof. intros P P' j c H. unfold cell_matrix. f_equal. apply sum_ext. intros i I. rewrite (H i I). reflexivity. Qed.

Lemma cell_offset_ext : forall P P' j, (forall i, In i (units_of f) -> P i = P' i) -> cell_offset f P j = cell_offset f P' j.
Proof. intros P P' j H. unfold cell_offset. apply sum_ext. intros i I. rewrite (H i I). reflexivity. Qed.

Lemma check_cell_sound : forall P Q sign s, check_cell units x d equations (map (extended d) units) P Q sign = Good s ->
  s <> 0%Z /\ (sign <> 0%Z -> s = sign) /\
  (forall i, In i (units_of f) -> member P (Z.of_nat i) = true \/ member Q (Z.of_nat i) = true) /\
  forall pattern, (forall i, In i (units_of f) -> pattern i = member P (Z.of_nat i)) ->
    0 < IZR s * det n (cell_matrix f pattern) /\
    forall z,
      (forall j, (j < n)%nat -> inner n (cell_matrix f pattern j) z + cell_offset f pattern j = block_value f (center_of p) j) ->
      (forall i, In i (units_of f) -> if pattern i then 0 <= affine (unit_row f i) z else affine (unit_row f i) z <= 0) ->
      same n z (center_of p).
Proof.
  intros P Q sign s H. unfold check_cell in H.
  destruct (forallb (fun r => member P (number r) || member Q (number r)) units) eqn:A; cbn [negb] in H; [|discriminate].
  set (flags := map (fun r => member P (number r)) units) in *.
  destruct (solved _ _ _ _ _) as [[[determinant divisor] done]|] eqn:S; [|discriminate].
  destruct (cell_solved flags determinant divisor done) as ((c & C0 & C) & N & E); [apply map_length|exact S|].
  destruct (Z.sgn determinant =? 0)%Z eqn:NZ; [discriminate|]. apply Z.eqb_neq in NZ.
  destruct (negb (sign =? 0)%Z && negb (Z.sgn determinant =? sign)%Z) eqn:SS; [discriminate|].
  destruct (negb (is_point x divisor (map (hd 0%Z) done)) && signs_hold d flags units divisor (map (hd 0%Z) done)) eqn:V;
    [discriminate|].
  injection H as <-. split; [exact NZ|]. split; [|split].
  - intro NS. apply andb_false_iff in SS as [SS|SS]; apply negb_false_iff, Z.eqb_eq in SS; [contradiction|exact SS].
  - intros i I. destruct (unit_there i I) as (r & R). rewrite forallb_forall in A.
    specialize (A r (nth_error_In _ _ R)). rewrite (numbered i r R) in A. apply orb_prop in A. exact A.
  - intros pattern HP. assert (PF : forall i, In i (units_of f) -> pattern i = pattern_of flags i).
    { intros i I. rewrite (HP i I). destruct (unit_there i I) as (r & R). unfold pattern_of, flags. symmetry.
      apply nth_error_nth. rewrite nth_error_map, R. cbn [option_map]. rewrite (numbered i r R). reflexivity. }
    split.
    + rewrite (det_ext n _ (cell_matrix f (pattern_of flags))) by (intros j _ k _; apply cell_matrix_ext, PF).
      set (D := det n (cell_matrix f (pattern_of flags))) in *. apply Rmult_lt_reg_l with c; [exact C0|]. rewrite Rmult_0_r.
      replace (c * (IZR (Z.sgn determinant) * D)) with (IZR (Z.sgn determinant) * (c * D)) by ring. rewrite <- C, <- mult_IZR.
      apply IZR_lt. lia.
    + intros z EZ SZ. destruct (E z) as [EN LD].
      { intros j J. rewrite <- (EZ j J). f_equal.
        - apply inner_left_ext. intros k _. symmetry. apply cell_matrix_ext, PF.
        - symmetry. apply cell_offset_ext, PF. }
      apply andb_false_iff in V as [V|V].
      * apply negb_false_iff in V. apply (is_point_sound divisor (map (hd 0%Z) done)); auto. rewrite map_length. exact LD.
      * rewrite (signs_hold_at divisor _ z N EN) in V; [discriminate|]. intros i r R.
        destruct (unit_made i r R) as [I ((L & _) & DR & VR)]. split; [exact L|]. rewrite VR.
        specialize (SZ i I). rewrite (PF i I) in SZ. destruct (pattern_of flags i).
        -- apply Rmult_le_pos; lra.
        -- replace 0 with (IZR (denominator r) * 0) by ring. apply Rmult_le_compat_l; lra.
Qed.

End Sound.
