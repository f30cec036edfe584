(** The cells of a residual block: their matrices, and in integers the equations of the points with a given value. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia FunctionalExtensionality.
From Proof Require Import Layers Networks Integers Rows Domains Interior Sums.
From Proof.rules Require Import Collision.
From Proof.convolution Require Import Periodic Equations.
From Proof.networks Require Import Determinants IntegerEquations.
Import ListNotations.
Open Scope Z_scope.

(** * Equations in integers

    The unknowns are the coordinates times the denominator d of the point p. One row x_j + sum_i B_ji g_i(x) = f(p)_j
    over the units of a cell is, times a positive integer D: [start], and [coefficients] c_i times the row i of the units. *)
Record equation := Equation { start : list Z; coefficients : list Z }.

(** The values of the hidden units, times their denominators and d. *)
Definition values_at (units : list integer_row) (x : list Z) (d : Z) : list Z :=
  map (fun r => inner_product r x d) units.

(** B_ji / d_i, d_i being the denominator of the unit. *)
Fixpoint shares (row : list Q) (units : list integer_row) : list Q :=
  match row, units with
  | q :: row', r :: units' => Qmult q (1 # Z.to_pos (denominator r)) :: shares row' units'
  | _, _ => []
  end.

(** The right side is D f(p)_j d. *)
Fixpoint equations_of (n j : nat) (units : list integer_row) (values : list Z) (back : list (list Q)) (x : list Z)
  : option (list equation) :=
  match back, x with
  | row :: back', a :: x' =>
      match over_one_denominator (shares row units), equations_of n (S j) units values back' x' with
      | Some (c, D), Some rest =>
          let right := D * a + product c (map (Z.max 0) values) in
          Some (Equation (map (Z.mul D) (unit_vector n j) ++ [right]) c :: rest)
      | _, _ => None
      end
  | _, _ => Some []
  end.

(** (a_i, -d b_i) times the denominator of the unit. *)
Definition extended (d : Z) (r : integer_row) : list Z := weights r ++ [- (d * constant r)].

Fixpoint with_units (flags : list bool) (c : list Z) (rows : list (list Z)) (total : list Z) : list Z :=
  match flags, c, rows with
  | flag :: flags', k :: c', row :: rows' =>
      with_units flags' c' rows' (if flag && negb (k =? 0) then added total k row else total)
  | _, _, _ => total
  end.

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

Section Equations.

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

End Equations.
