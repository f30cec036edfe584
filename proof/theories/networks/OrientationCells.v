(** What rule "orientation" tests in one cell: the sign of the determinant, and that the value at the point is taken in the closure
    of the cell at no other point. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Integers Rows Domains Interior Sums Tables Combinations.
From Proof.rules Require Import Collision.
From Proof.convolution Require Import Equations.
From Proof.networks Require Import Determinants IntegerEquations CellEquations.
Import ListNotations.
Open Scope Z_scope.

Section Test.

Variable units : list integer_row.
Variable x : list Z.
Variable d : Z.
Variable equations : list equation.

(** Whether the unknowns, these numbers over the divisor, are those of the point. *)
Definition is_point (divisor : Z) (numbers : list Z) : bool :=
  forallb (fun pair => fst pair * divisor =? snd pair) (combine x numbers).

(** Whether the units that the flags name are nonnegative there, and the others at most 0. *)
Fixpoint signs_hold (flags : list bool) (units : list integer_row) (divisor : Z) (numbers : list Z) : bool :=
  match flags, units with
  | flag :: flags', r :: units' =>
      let t := Z.sgn divisor * (product (weights r) numbers + constant r * d * divisor) in
      (if flag then 0 <=? t else t <=? 0) && signs_hold flags' units' divisor numbers
  | _, _ => true
  end.

Definition active_units (P : Z) : list Z := map number (filter (fun r => member P (number r)) units).

(** A cell: the sign of its determinant, if that is [sign], or [sign] is 0. *)
Definition check_cell (P Q sign : Z) : outcome Z :=
  if negb (forallb (fun r => member P (number r) || member Q (number r)) units) then Bad UnitsWithoutSign
  else
    let flags := map (fun r => member P (number r)) units in
    match solved x 1 1 [] (map (fun e => with_units flags (coefficients e) (map (extended d) units) (start e)) equations) with
    | None => Bad (DeterminantZero (active_units P))
    | Some (determinant, divisor, done) =>
        let s := Z.sgn determinant in
        let numbers := map (hd 0) done in
        if s =? 0 then Bad (DeterminantZero (active_units P))
        else if negb (sign =? 0) && negb (s =? sign) then Bad (DeterminantSign (active_units P))
        else if negb (is_point divisor numbers) && signs_hold flags units divisor numbers then Bad ValueTakenTwice
        else Good s
    end.

End Test.

Open Scope R_scope.

Section Sound.

Variable n : nat.
Variable f : residual_block.
Variable units : list integer_row.
Hypothesis rows_made : Forall2 (made_from n) (hidden f) units.
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

Lemma check_cell_sound : forall P Q sign s, check_cell units x d equations P Q sign = Good s ->
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
  destruct (cell_solved n f units rows_made p x d equations back_length back_rows x_length x_point d_positive equations_made
    flags determinant divisor done) as ((c & C0 & C) & N & E); [apply map_length|exact S|].
  destruct (Z.sgn determinant =? 0)%Z eqn:NZ; [discriminate|]. apply Z.eqb_neq in NZ.
  destruct (negb (sign =? 0)%Z && negb (Z.sgn determinant =? sign)%Z) eqn:SS; [discriminate|].
  destruct (negb (is_point x divisor (map (hd 0%Z) done)) && signs_hold d flags units divisor (map (hd 0%Z) done)) eqn:V;
    [discriminate|].
  injection H as <-. split; [exact NZ|]. split; [|split].
  - intro NS. apply andb_false_iff in SS as [SS|SS]; apply negb_false_iff, Z.eqb_eq in SS; [contradiction|exact SS].
  - intros i I. destruct (unit_there n f units rows_made i I) as (r & R). rewrite forallb_forall in A.
    specialize (A r (nth_error_In _ _ R)). rewrite (numbered i r R) in A. apply orb_prop in A. exact A.
  - intros pattern HP. assert (PF : forall i, In i (units_of f) -> pattern i = pattern_of flags i).
    { intros i I. rewrite (HP i I). destruct (unit_there n f units rows_made i I) as (r & R). unfold pattern_of, flags. symmetry.
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
        destruct (unit_made n f units rows_made i r R) as [I ((L & _) & DR & VR)]. split; [exact L|]. rewrite VR.
        specialize (SZ i I). rewrite (PF i I) in SZ. destruct (pattern_of flags i).
        -- apply Rmult_le_pos; lra.
        -- replace 0 with (IZR (denominator r) * 0) by ring. apply Rmult_le_compat_l; lra.
Qed.

End Sound.
