(** Rule "orientation" of residual blocks: the map keeps its orientation on all cells, and takes one value once. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Domains Interior Sums Tables Combinations.
From Proof.rules Require Import Collision.
From Proof.convolution Require Import Periodic Equations.
From Proof.networks Require Import OrientedMaps Determinants IntegerEquations CellEquations OrientationCells OrientationTree.
Import ListNotations.
Open Scope Z_scope.

(** The first unit whose function is 0 at the point, but not everywhere. *)
Fixpoint zero_unit (units : list integer_row) (values : list Z) : option Z :=
  match units, values with
  | r :: units', v :: values' =>
      if (v =? 0) && negb (is_zero_row r) then Some (number r) else zero_unit units' values'
  | _, _ => None
  end.

Definition check_orientation (n : nat) (K : domain) (f : residual_block) (p : list Q) (circuits : stream (list (Z * Z)))
  (tree : stream Z) : outcome unit :=
  match integer_rows n 0 (hidden f), over_one_denominator p with
  | Some units, Some (x, d) =>
      if has_length n (back f) && forallb (has_length (length units)) (back f) && has_length n x then
        let values := values_at units x d in
        match integer_domain_of n K, equations_of n 0 units values (back f) x with
        | None, _ => Bad WrongDomain
        | _, None => Bad WrongShape
        | Some _, Some equations =>
            match zero_unit units values with
            | Some i => Bad (UnitZero i)
            | None =>
                let named := with_entries no_entries units in
                match read_impossible named circuits no_entries with
                | Bad why => Bad why
                | Good found =>
                    match read_cells units named found x d equations units 0 0 0 tree with
                    | Good (Done, _) => Good tt
                    | Good (More _ _, _) => Bad TreeGoesOn
                    | Bad why => Bad why
                    end
                end
            end
        end
      else Bad WrongShape
  | _, _ => Bad WrongShape
  end.

Open Scope R_scope.

(** * What the certificate says about the cells *)

Lemma integer_rows_number : forall n layer i rows, integer_rows n i layer = Some rows ->
  forall k r, nth_error rows k = Some r -> number r = (i + Z.of_nat k)%Z.
Proof.
  intros n. induction layer as [|q layer IH]; intros i rows H k r E; cbn [integer_rows] in H.
  - injection H as <-. destruct k; discriminate E.
  - destruct (integer_row_of n i q) as [z|] eqn:Z1; [|discriminate].
    destruct (integer_rows n (i + 1) layer) as [rest|] eqn:R; [|discriminate]. injection H as <-.
    destruct k as [|k]; cbn [nth_error] in E.
    + injection E as <-. unfold integer_row_of in Z1. destruct (has_length n (normal q)); [|discriminate].
      destruct (over_one_denominator (bias q :: normal q)) as [[[|b w] d]|]; try discriminate. injection Z1 as <-. cbn. lia.
    + rewrite (IH _ _ R k r E). lia.
Qed.

Lemma integer_rows_normal : forall n layer i rows, integer_rows n i layer = Some rows ->
  forall q, In q layer -> length (normal q) = n.
Proof.
  intros n. induction layer as [|q layer IH]; intros i rows H r I; [destruct I|]. cbn [integer_rows] in H.
  destruct (integer_row_of n i q) as [z|] eqn:Z1; [|discriminate].
  destruct (integer_rows n (i + 1) layer) as [rest|] eqn:R; [|discriminate]. destruct I as [<-|I]; [|apply (IH _ _ R r I)].
  unfold integer_row_of in Z1. destruct (has_length n (normal q)) eqn:L; [|discriminate]. apply has_length_spec, L.
Qed.

Lemma is_zero_row_false : forall r, is_zero_row r = false -> exists j, (j < length (weights r))%nat /\ numbers (weights r) j <> 0.
Proof.
  intros r H. unfold is_zero_row, numbers in *. induction (weights r) as [|a w IH]; [discriminate H|]. cbn [forallb] in H.
  apply andb_false_iff in H as [H|H].
  - exists 0%nat. split; [cbn; lia|]. apply not_0_IZR, Z.eqb_neq, H.
  - destruct (IH H) as (j & J & N). exists (S j). split; [cbn; lia|exact N].
Qed.

Lemma zero_unit_none : forall units values, zero_unit units values = None -> length units = length values ->
  forall i r, nth_error units i = Some r -> is_zero_row r = false -> nth i values 0%Z <> 0%Z.
Proof.
  induction units as [|u units IH]; intros [|v values] H L i r E ZR; try discriminate L; [destruct i; discriminate E|].
  cbn [zero_unit] in H. destruct ((v =? 0)%Z && negb (is_zero_row u)) eqn:B; [discriminate|].
  destruct i as [|i]; cbn [nth_error nth] in *; [|apply (IH values H ltac:(auto) i r E ZR)].
  injection E as ->. rewrite ZR, andb_true_r in B. apply Z.eqb_neq, B.
Qed.

Definition fits (n : nat) (f : residual_block) : Prop :=
  (forall r, In r (hidden f) -> length (normal r) = n) /\ length (back f) = n /\
  forall row, In row (back f) -> length row = length (hidden f).

Theorem check_orientation_cells : forall n K f p circuits tree, check_orientation n K f p circuits tree = Good tt ->
  fits n f /\ exists s, cells_oriented n f s (center_of p).
Proof.
  intros n K f p circuits tree H. unfold check_orientation in H.
  destruct (integer_rows n 0 (hidden f)) as [units|] eqn:U; [|discriminate].
  destruct (over_one_denominator p) as [[x d]|] eqn:X; [|discriminate].
  destruct (has_length n (back f) && forallb (has_length (length units)) (back f) && has_length n x) eqn:L; [|discriminate].
  apply andb_prop in L as [L LX]. apply andb_prop in L as [LB LR]. apply has_length_spec in LB, LX.
  rewrite forallb_forall in LR. assert (LR' := fun row I => has_length_spec _ _ _ (LR row I)). clear LR.
  destruct (integer_domain_of n K) as [IK|]; [|discriminate].
  destruct (equations_of n 0 units (values_at units x d) (back f) x) as [equations|] eqn:EQ; [|discriminate].
  destruct (zero_unit units (values_at units x d)) eqn:ZU; [discriminate|].
  destruct (read_impossible (with_entries no_entries units) circuits no_entries) as [found|] eqn:RI; [|discriminate].
  destruct (read_cells units (with_entries no_entries units) found x d equations units 0 0 0 tree)
    as [[rest s]|] eqn:RC; [|discriminate].
  apply over_one_denominator_spec in X as [MX DX].
  assert (MU := integer_rows_spec _ _ _ _ U). assert (NU := fun i r => integer_rows_number _ _ _ _ U i r).
  assert (lengths : forall r, In r units -> length (weights r) = n).
  { intros r I. destruct (Forall2_in_right _ _ _ _ _ MU r I) as (q & _ & M). apply M. }
  assert (cell := check_cell_sound n f units MU p x d equations NU LB LR' LX MX DX EQ).
  split.
  { split; [apply (integer_rows_normal _ _ _ _ U)|]. split; [exact LB|]. intros row I.
    rewrite (Forall2_length _ _ _ _ _ MU). apply LR', I. }
  exists (IZR s). split.
  - intros i I (j & J & N). destruct (unit_there n f units MU i I) as (r & R).
    destruct (unit_made n f units MU i r R) as [_ M]. destruct (made_entries _ _ _ M) as [W _]. destruct M as ((LW & _) & DR & V).
    assert (ZR : is_zero_row r = false).
    { apply not_true_iff_false. intro ZR. apply N. unfold unit_normal.
      assert (Z0 : numbers (weights r) j = 0) by (rewrite <- idot_unit; apply zeros_idot, ZR).
      rewrite W in Z0. apply Rmult_integral in Z0 as [Z0|Z0]; [lra|exact Z0]. }
    assert (NV := zero_unit_none _ _ ZU ltac:(unfold values_at; rewrite map_length; reflexivity) i r R ZR).
    rewrite (nth_error_nth _ i (x := inner_product r x d)) in NV by (unfold values_at; rewrite nth_error_map, R; reflexivity).
    intro Z0. apply NV, eq_IZR. rewrite inner_product_value, (at_point p x d MX DX), V, Z0 by exact DX. ring.
  - intros P (y & G & HP). assert (GY : forall r, In r units -> is_zero_row r = false -> value r y <> 0).
    { intros r I ZR. apply In_nth_error in I as (i & R). destruct (unit_made n f units MU i r R) as [I M].
      destruct (made_entries _ _ _ M) as [W _]. destruct M as ((LW & _) & DR & V).
      destruct (is_zero_row_false r ZR) as (j & J & N). rewrite V. apply Rmult_integral_contrapositive. split; [lra|].
      apply (G i I). exists j. split; [lia|]. intro Z0. apply N. rewrite W. unfold unit_normal in Z0. rewrite Z0. ring. }
    assert (CI := read_impossible_sound n units lengths y GY circuits no_entries found RI (all_cells_none _ _)).
    destruct (read_cells_sound units y x d equations found CI
      (fun P Q sign s C => conj (proj1 (cell P Q sign s C)) (proj1 (proj2 (cell P Q sign s C)))) _ units _ _ _ _ _ _ RC)
      as [_ (P' & Q' & sign & C & O)].
    { intros i r R. rewrite !member_none. split; discriminate. }
    destruct (cell P' Q' sign s C) as (_ & _ & A & E). apply E. intros i I.
    destruct (unit_there n f units MU i I) as (r & R). destruct (unit_made n f units MU i r R) as [_ (_ & DR & V)].
    destruct (O i r R) as [OP OQ]. rewrite V in OP, OQ. specialize (HP i I). destruct (member P' (Z.of_nat i)) eqn:M.
    + apply HP. specialize (OP eq_refl). apply Rmult_le_reg_l with (IZR (denominator r)); lra.
    + destruct (A i I) as [A'|A']; [congruence|]. specialize (OQ A'). apply not_true_iff_false. intro PI. apply HP in PI.
      assert (0 <= IZR (denominator r) * affine (unit_row f i) y) by (apply Rmult_le_pos; lra). lra.
Qed.

(** * So it is injective *)

(** The block is a map as in OrientedMaps.v, L x + c plus the sum of relu (g_i x) B_i, with L = I and c = 0. *)
Theorem oriented_cells_injective : forall n f s p, fits n f -> cells_oriented n f s p ->
  forall x y, same n (block_value f x) (block_value f y) -> same n x y.
Proof.
  intros n f s p (FN & FB & FR) [GP OC].
  set (L := fun j k : nat => if (j =? k)%nat then 1 else 0).
  assert (U : forall i x, In i (units_of f) -> unit_value n (unit_normal f) (unit_bias f) i x = affine (unit_row f i) x).
  { intros i x I. apply in_seq in I. unfold unit_value, form, affine. rewrite dot_sum, FN by (apply nth_In; lia). reflexivity. }
  assert (C : forall P, is_cell n (units_of f) (unit_normal f) (unit_bias f) P -> has_cell n f P).
  { intros P (x & G & H). exists x. split.
    - intros i I D. rewrite <- (U i x I). apply (G i I D).
    - intros i I. rewrite <- (U i x I). apply (H i I). }
  assert (M : forall P u j, product n (matrix L (units_of f) (unit_normal f) (back_entry f) P) u j = inner n (cell_matrix f P j) u).
  { intros P u j. rewrite inner_sum. reflexivity. }
  assert (V : forall x j, (j < n)%nat ->
    map_value n L zero_point (units_of f) (unit_normal f) (unit_bias f) (back_entry f) x j = block_value f x j).
  { intros x j J. rewrite block_value_sum by (apply FR, nth_In; lia). unfold map_value, product, zero_point.
    rewrite (sum_of_one n _ j J).
    - unfold L. rewrite Nat.eqb_refl, Rplus_0_r, Rmult_1_l. f_equal. apply sum_ext. intros i I. rewrite (U i x I). ring.
    - intros k _ N. unfold L. destruct (Nat.eqb_spec j k); [congruence|ring]. }
  assert (NZ : forall P, has_cell n f P -> det n (cell_matrix f P) <> 0).
  { intros P H Z. destruct (OC P H) as [D _]. rewrite Z in D. lra. }
  intros x y E. apply (oriented_injective n L zero_point (units_of f) (unit_normal f) (unit_bias f) (back_entry f) p).
  - intros P d H. destruct (det_nonzero_solves n (cell_matrix f P) d (NZ P (C P H))) as (u & S). exists u.
    intros j J. rewrite M. apply S, J.
  - intros P u H Z. apply (det_nonzero_kernel n (cell_matrix f P) u (NZ P (C P H))). intros j J. rewrite <- M. apply Z, J.
  - intros P Q i w u v HP HQ I R S UP. unfold form in *. rewrite <- inner_sum in *.
    assert (RQ : det n (rank_one (cell_matrix f P) w (unit_normal f i)) = det n (cell_matrix f Q)).
    { apply det_ext. intros j J k K. symmetry. apply (R j k J K). }
    apply (same_side n (cell_matrix f P) w (unit_normal f i) (fun j => inner n (cell_matrix f P j) u) u v); auto.
    + rewrite RQ. destruct (OC P (C P HP)) as [DP _], (OC Q (C Q HQ)) as [DQ _].
      set (a := det n (cell_matrix f P)) in *. set (b := det n (cell_matrix f Q)) in *. clear - DP DQ.
      assert (PQ := Rmult_lt_0_compat _ _ DP DQ). assert (SS : 0 < s * s).
      { apply Rsqr_pos_lt. intros ->. lra. }
      apply Rmult_lt_reg_l with (s * s); [exact SS|]. lra.
    + intros j J. rewrite <- M, (S j J), M. apply inner_left_ext. intros k K. symmetry. apply (R j k J K).
  - intros i I D. rewrite (U i p I). apply (GP i I D).
  - intros P z H Z S. apply (OC P (C P H)).
    + intros j J. rewrite <- M, <- (V p j J), <- (Z j J). unfold offset, cell_offset, zero_point. ring.
    + intros i I. rewrite <- (U i z I). apply (S i I).
  - intros j J. rewrite !V by exact J. apply E, J.
Qed.

Theorem check_orientation_sound : forall n K f p circuits tree, check_orientation n K f p circuits tree = Good tt ->
  block_injective n K f.
Proof.
  intros n K f p circuits tree H. apply check_orientation_cells in H as (F & s & O).
  intros x y _ _. apply (oriented_cells_injective n f s (center_of p) F O).
Qed.
